import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import { CaptureEntity } from './capture.entity.js';

const PRIMARY_KEY = { primaryKeyConstraintName: 'capture_feedback_pkey' };

export const THUMBS = ['up', 'down'] as const;
export type Thumb = (typeof THUMBS)[number];

/** What somebody thinks of one answer of a capture. */
@Entity('capture_feedback')
export class CaptureFeedbackEntity {
  @PrimaryColumn({ name: 'capture_id', type: 'text', ...PRIMARY_KEY })
  captureId!: string;

  /** Index of the answer. */
  @PrimaryColumn({ type: 'integer', ...PRIMARY_KEY })
  choice!: number;

  @Column({ type: 'text', nullable: true })
  thumb!: Thumb | null;

  /** From 0 to 1. */
  @Column({ type: 'double precision', nullable: true })
  score!: number | null;

  /** The corrected answer. */
  @Column({ type: 'text', nullable: true })
  correction!: string | null;

  @Column({ type: 'text', nullable: true })
  note!: string | null;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  @ManyToOne(() => CaptureEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'capture_id', foreignKeyConstraintName: 'capture_feedback_capture' })
  capture?: CaptureEntity;
}
