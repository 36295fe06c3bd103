/** What makes a local store; it can be cloned between threads. */
export interface LocalStoreSettings {
  readonly folder: string;
  /** See AppConfig.faultDiskFull. */
  readonly fullFlag: string;
}
