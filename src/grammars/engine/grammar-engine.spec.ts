import { expect, it } from 'vitest';
import { GrammarEngine } from './grammar-engine.js';

it('says which states wait for a grammar that is being compiled', async () => {
  const engine = new GrammarEngine();
  const tokens = Uint8Array.from({ length: 256 }, (_, i) => i);
  const vocabulary = () => ({
    tokens,
    ends: tokens.reduce((ends, i) => ends.fill(i + 1, i, i + 1), new Int32Array(256)),
  });
  const request = { ebnf: 'root ::= [a-z]*', vocabularyKey: 'bytes', vocabulary, vocabSize: 256, stopTokens: [0] };
  const [state] = await engine.open({ ...request, count: 1 });
  state!.accept(97);
  expect(state!.isHeldUp).toBe(false);
  await state!.settled();
  const checked = engine.check('root ::= [0-9]*');
  state!.accept(98);
  expect(state!.isHeldUp).toBe(true);
  await Promise.all([checked, state!.settled()]);
  expect(state!.isHeldUp).toBe(false);
  state!.close();
});
