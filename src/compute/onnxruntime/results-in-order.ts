import { ONNX_FLOAT, type OnnxWriter } from './onnx-writer.js';

/**
 * Name of a tensor like `one` that waits for all results, for the latest the longest. onnxruntime goes back from the results
 * that nothing reads, the last one first. For gradients that would be those of the first layer, and what all other layers
 * have computed again for theirs would be kept until then. With this as the only one, results come in the given order.
 */
export function afterInOrder(writer: OnnxWriter, one: string, results: readonly string[]): string {
  const done = results.map((name) => `${name}.done`);
  results.forEach((name, i) => writer.node('Shape', [name], [done[i]!], { start: 0, end: 0 }));
  const last = done.reduce((before, name) => {
    writer.node('Concat', [before, name], [`${name}.inOrder`], { axis: 0 });
    return `${name}.inOrder`;
  });
  writer.node('Cast', [last], ['nothing'], { to: ONNX_FLOAT });
  writer.node('Concat', [one, 'nothing'], ['one.last'], { axis: 0 });
  return 'one.last';
}
