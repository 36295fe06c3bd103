import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { CaptureFeedbackEntity } from '../entities/capture-feedback.entity.js';

export type Judgement = Partial<Pick<CaptureFeedbackEntity, 'thumb' | 'score' | 'correction' | 'note'>>;

@Injectable()
export class FeedbackRepository {
  constructor(@InjectRepository(CaptureFeedbackEntity) private readonly rows: Repository<CaptureFeedbackEntity>) {}

  /** On all answers of these captures, by the index of the answer. */
  findOf(captureIds: readonly string[]): Promise<CaptureFeedbackEntity[]> {
    return whenDatabaseIsBack(() =>
      this.rows.find({ where: { captureId: In([...captureIds]) }, order: { choice: 'ASC' } }),
    );
  }

  /** Sets what is given and keeps the rest, in one statement: two people may judge one answer at once. */
  async save(captureId: string, choice: number, judgement: Judgement): Promise<CaptureFeedbackEntity> {
    return whenDatabaseIsBack(async () => {
      await this.rows.upsert({ captureId, choice, ...judgement, updatedAt: new Date() }, ['captureId', 'choice']);
      return this.rows.findOneByOrFail({ captureId, choice });
    });
  }
}
