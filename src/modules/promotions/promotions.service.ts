import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../common/caller.js';
import { invalid } from '../../common/json/json-fields.js';
import { AliasesService, type AliasVersionEntity } from '../aliases/index.js';
import { FilesService } from '../files/index.js';
import { SamplingSources } from '../generation/index.js';
import { Evaluator } from './evaluator.js';
import { WorseTargetError } from './worse-target.error.js';

/** A target to promote, and what it is compared on. */
export interface Promotion {
  readonly alias: string;
  readonly target: string;
  readonly file: string;
  readonly tolerance: number;
}

/** Lets an alias stand for another target only when that does as well. */
@Injectable()
export class PromotionsService {
  constructor(
    private readonly aliases: AliasesService,
    private readonly sources: SamplingSources,
    private readonly files: FilesService,
    private readonly evaluator: Evaluator,
  ) {}

  /**
   * Null when the signal aborts before.
   * @throws WorseTargetError with both numbers, AppErrors for what is not there or cannot be compared
   */
  async promote(
    { alias: name, target, file: fileId, tolerance }: Promotion,
    signal: AbortSignal,
  ): Promise<AliasVersionEntity | null> {
    const alias = await this.aliases.get(name);
    const [current, next] = [await this.sources.named(name, 'alias'), await this.sources.named(target, 'target')];
    if (current.model !== next.model) {
      const problem = `has base model ${next.model.name}, but '${name}' stands for one of ${current.model.name}.`;
      const remedy = `Losses of different models are not comparable; use PUT /aliases/${name}.`;
      throw invalid('target', problem, remedy);
    }
    const file = await this.files.trainingFile(currentOwner(), fileId, 'eval.file');
    const rows = await this.evaluator.read(file, next, 'eval.file');
    const [before, after] = await Promise.all(
      [current, next].map((source) => this.evaluator.score(source, rows, signal)),
    );
    if (!before || !after) return null;
    const comparison = { file: fileId, ...after, currentLoss: before.loss, tolerance };
    if (!(after.loss <= before.loss + tolerance)) throw new WorseTargetError(name, target, comparison);
    return this.aliases.promote(alias, target, comparison);
  }
}
