import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../../domain/operation-data.js';
import { type FutureState } from '../../futures/index.js';
import { SamplersService } from '../../sessions/index.js';
import { forwardToJson, forwardToProto } from '../codec/results.js';
import { sampleToJson, sampleToProto } from '../codec/sample-results.js';

export type TinkerResult =
  { readonly kind: 'json'; readonly body: object } | { readonly kind: 'protobuf'; readonly body: Uint8Array };

/** Settled futures in the words of the Tinker API. */
@Injectable()
export class TinkerResults {
  constructor(private readonly samplers: SamplersService) {}

  /** `protobuf`: whether the client takes it; only three kinds of result exist in it. */
  async present(state: FutureState, result: OperationData, protobuf: boolean): Promise<TinkerResult> {
    switch (state.kind) {
      case 'forward':
      case 'forward_backward':
        return protobuf ? toBytes(forwardToProto(result)) : toJson(forwardToJson(result));
      case 'generate':
        return protobuf ? toBytes(sampleToProto(result)) : toJson(sampleToJson(result));
      case 'create_adapter':
        return toJson({ model_id: state.modelId, type: 'create_model' });
      case 'unload_adapter':
        return toJson({ model_id: state.modelId, type: 'unload_model' });
      case 'save_weights_for_sampler':
        return toJson(await this.savedForSampler(state, result));
      case 'save_weights':
        return toJson({ path: result.json['path'], ...sizeOf(result) });
      case 'save_weights_external':
        return toJson({ path: result.json['path'], ...sizeOf(result), type: 'save_weights_external' });
      case 'load_weights':
        return toJson({ path: result.json['path'], model_id: state.modelId });
      case 'optim_step':
        return toJson({ metrics: result.json['metrics'] });
      case 'delete_adapter':
      case 'rewind_adapter':
        return toJson(result.json);
      default:
        return state.kind satisfies never;
    }
  }

  /** A save without a name is answered with its sampling session, not with the path nobody can use. */
  private async savedForSampler({ requestId }: FutureState, result: OperationData) {
    const sampler = await this.samplers.ofRequest(requestId);
    return sampler ? { sampling_session_id: sampler.id, path: null } : { path: result.json['path'], ...sizeOf(result) };
  }
}

/** Results of earlier versions do not tell it. */
function sizeOf({ json }: OperationData): { size_bytes?: unknown } {
  return 'size_bytes' in json ? { size_bytes: json['size_bytes'] } : {};
}

function toJson(body: object): TinkerResult {
  return { kind: 'json', body };
}

function toBytes(body: Uint8Array): TinkerResult {
  return { kind: 'protobuf', body };
}
