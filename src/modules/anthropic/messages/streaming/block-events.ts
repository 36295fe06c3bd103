import { type AnswerPart, type ToolCall } from '../../../../base-models/tool-calls/tool-call.js';
import { type EventStream } from '../../event-stream.js';
import { textBlock, toolUseBlock } from '../message.presenter.js';

/** Sends the content of a message as blocks: one for each text, one for each call of a tool. */
export class BlockEvents {
  private index = -1;
  private isTextOpen = false;

  constructor(
    private readonly events: EventStream,
    private readonly makeId: () => string,
  ) {}

  send(parts: readonly AnswerPart[]): void {
    for (const part of parts) {
      if (part.kind === 'text') this.sendText(part.text);
      else this.sendCall(part.call);
    }
  }

  end(): void {
    if (this.isTextOpen) this.stop();
    this.isTextOpen = false;
  }

  private sendText(text: string): void {
    if (!this.isTextOpen) this.start(textBlock(''));
    this.isTextOpen = true;
    this.delta({ type: 'text_delta', text });
  }

  private sendCall({ name, arguments: input }: ToolCall): void {
    this.end();
    this.start(toolUseBlock(this.makeId(), name, {}));
    this.delta({ type: 'input_json_delta', partial_json: input });
    this.stop();
  }

  private start(block: object): void {
    this.index++;
    this.events.send({ type: 'content_block_start', index: this.index, content_block: block });
  }

  private delta(delta: object): void {
    this.events.send({ type: 'content_block_delta', index: this.index, delta });
  }

  private stop(): void {
    this.events.send({ type: 'content_block_stop', index: this.index });
  }
}
