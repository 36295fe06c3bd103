import { type GrammarEngine, type GrammarState } from '../../../grammars/engine/grammar-engine.js';
import { type Vocabulary } from '../../../grammars/vocabulary.js';
import { type GenerateRequest } from '../../compute-backend.js';

/** Whose tokens a grammar is followed by. */
interface SampledVocabulary {
  readonly name: string;
  readonly config: { readonly vocabSize: number };
  readonly text: { readonly vocabulary: (shown: readonly number[]) => Vocabulary };
}

/** A state of the request's grammar for each of its continuations; none where it has no grammar. */
export async function openGrammars(
  engine: GrammarEngine,
  { name, config: { vocabSize }, text }: SampledVocabulary,
  { count, sampling: { grammar, stopTokens } }: GenerateRequest,
): Promise<readonly GrammarState[]> {
  if (!grammar) return [];
  const { ebnf, shownTokens: shown = [] } = grammar;
  return engine.open({
    ebnf,
    vocabularyKey: JSON.stringify([name, shown]),
    vocabulary: () => text.vocabulary(shown),
    vocabSize,
    stopTokens: stopTokens.filter((token) => token < vocabSize),
    count,
  });
}
