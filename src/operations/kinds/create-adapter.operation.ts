import { type LoraSpec } from '../../domain/adapter/lora-spec.js';
import { type UnreplayedOperation } from '../operation-definition.js';

export interface CreateRequest {
  readonly lora: LoraSpec;
  /** The adapter and the position in its log whose state a fork begins with. */
  readonly fork?: { readonly adapterId: string; readonly position: number };
}

/** The first operation of every adapter. */
export const createAdapterOperation: UnreplayedOperation<CreateRequest> = {
  readOnly: false,
  cancellable: false,
  notReplayed: 'every rebuild begins with the adapter as it was created',

  encode: ({ lora, fork }) => ({
    json: { lora: inFixedOrder(lora), ...(fork && { fork: { adapter_id: fork.adapterId, position: fork.position } }) },
    tensors: {},
  }),

  decode({ json }) {
    const fork = json['fork'] as { adapter_id: string; position: number } | undefined;
    return {
      lora: json['lora'] as LoraSpec,
      ...(fork && { fork: { adapterId: fork.adapter_id, position: fork.position } }),
    };
  },
};

/** The keys are listed explicitly because jsonb does not preserve their order, and a repeat must have the same bytes. */
function inFixedOrder(lora: LoraSpec): LoraSpec {
  const { rank, alpha, dropout, targetModules, rsLora, seed, excludedModules } = lora;
  const rankPattern = sorted(lora.rankPattern);
  const alphaPattern = sorted(lora.alphaPattern);
  return { rank, alpha, dropout, targetModules, rsLora, seed, rankPattern, alphaPattern, excludedModules };
}

function sorted(pattern: LoraSpec['rankPattern']): LoraSpec['rankPattern'] {
  return pattern && Object.fromEntries(Object.entries(pattern).sort(([a], [b]) => (a < b ? -1 : 1)));
}
