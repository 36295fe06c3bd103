import { type CaptureFeedbackEntity } from './entities/capture-feedback.entity.js';
import { type Capture } from './captures.service.js';
import { type CaptureDto, type CaptureWithTokensDto, type FeedbackDto } from './dto/capture.dto.js';

export function presentCapture(capture: Capture): CaptureDto {
  const { id, model, baseModel, createdAt, metadata, input, generated, feedback } = capture;
  return {
    id,
    model,
    base_model: baseModel,
    created_at: createdAt.toISOString(),
    metadata,
    messages: input.kind === 'chat' ? input.messages : null,
    tools: input.kind === 'chat' ? (input.tools ?? null) : null,
    prompt: input.kind === 'text' ? input.prompt : null,
    answers: generated.sequences.map(({ text, stopReason }) => ({ text, stop_reason: stopReason })),
    feedback: feedback.map((one) => presentFeedback(one)),
  };
}

export function presentCaptureWithTokens(capture: Capture): CaptureWithTokensDto {
  const answers = capture.generated.sequences.map(({ text, stopReason, tokens, logprobs }) => ({
    text,
    stop_reason: stopReason,
    tokens: [...tokens],
    logprobs: [...(logprobs ?? [])],
  }));
  return { ...presentCapture(capture), prompt_tokens: [...capture.prompt], answers };
}

export function presentFeedback(feedback: CaptureFeedbackEntity): FeedbackDto {
  const { choice, thumb, score, correction, note, updatedAt } = feedback;
  return { choice, thumb, score, correction, note, updated_at: updatedAt.toISOString() };
}
