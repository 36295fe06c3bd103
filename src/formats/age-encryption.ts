import { Encrypter } from 'age-encryption';

/** What age, and whoever writes files for it, puts behind the name of an encrypted file. */
export const ENCRYPTED_SUFFIX = '.age';

/** Is it a recipient of age (https://age-encryption.org/v1), age1...? The SSH keys that age also takes are none here. */
export function isAgeRecipient(text: string): boolean {
  try {
    encrypterTo([text]);
    return true;
  } catch {
    return false;
  }
}

/** Each file encrypted so that any of the recipients can read it, under its name with .age behind. */
export async function encryptFiles(
  files: ReadonlyMap<string, Uint8Array>,
  recipients: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const encrypter = encrypterTo(recipients);
  const encrypted = new Map<string, Uint8Array>();
  for (const [name, bytes] of files) encrypted.set(name + ENCRYPTED_SUFFIX, await encrypter.encrypt(bytes));
  return encrypted;
}

function encrypterTo(recipients: readonly string[]): Encrypter {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter;
}
