import { Body, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ApiGoneResponse, ApiNoContentResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { ApiMissing, ApiPost } from '../../common/http/api-docs.js';
import { ErrorDto } from '../../common/http/errors/error.dto.js';
import { CapabilitiesService } from '../capabilities/index.js';
import { SessionsService } from '../sessions/index.js';
import {
  ClientConfigDto,
  ClientVersionDto,
  CreateSessionDto,
  DynamicConfigDto,
  FinishSessionDto,
  HeartbeatDto,
  ServerCapabilitiesDto,
  SessionCreatedDto,
  SessionIdDto,
  TelemetryBatchDto,
  TelemetryDto,
  TinkerHealthDto,
} from './dto/service.dto.js';
import { TinkerController } from './tinker-controller.decorator.js';

const SESSION = 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC';

/** What a client asks before and beside its work. */
@TinkerController('service')
export class TinkerServiceController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly capabilities: CapabilitiesService,
  ) {}

  @Post('client/config')
  @HttpCode(200)
  @ApiPost('api/v1/client/config', {
    summary: 'Get the SDK settings',
    description:
      'The settings are the same for every version of the SDK; encodings are chosen by the headers of each request.',
    type: ClientVersionDto,
    examples: { 'an SDK': { sdk_version: '0.25.0' } },
  })
  @ApiOkResponse({ type: ClientConfigDto, description: 'The SDK settings.' })
  config(): ClientConfigDto {
    return {
      pjwt_auth_enabled: false,
      // Side by side, the SDK posts a call's first chunk last. Where another one is refused it never posts the first,
      // its counter stands still, and every later call of that client waits for ever.
      parallel_fwdbwd_chunks: false,
      proto_compress_fwdbwd: false,
      proto_write_fwdbwd: false,
      create_model_via_load_weights: false,
      use_pyqwest_transport: false,
      sample_use_retrieve_futures: true,
    };
  }

  @Post('client/dynamic_config')
  @HttpCode(200)
  @ApiPost('api/v1/client/dynamic_config', {
    summary: 'Get the dynamic SDK settings',
    description: 'The SDK requests these settings periodically; they do not change while the server is running.',
    type: ClientVersionDto,
    examples: { 'an SDK': { sdk_version: '0.25.0' } },
  })
  @ApiOkResponse({ type: DynamicConfigDto, description: 'The settings.' })
  dynamicConfig(): DynamicConfigDto {
    return { refresh_interval_sec: 300, sample_cancel_enabled: true };
  }

  @Post('telemetry')
  @HttpCode(200)
  @ApiPost('api/v1/telemetry', {
    summary: 'Accept telemetry of the SDK',
    description: 'Telemetry is not stored.',
    type: TelemetryBatchDto,
    examples: { 'no events': { events: [], platform: 'linux', sdk_version: '0.25.0', session_id: SESSION } },
  })
  @ApiOkResponse({ type: TelemetryDto, description: 'Accepted and discarded.' })
  telemetry(): TelemetryDto {
    return { status: 'accepted' };
  }

  /**
   * Check liveness
   * @remarks Checks nothing else; GET /readyz does. Example: `curl http://127.0.0.1:8000/api/v1/healthz`
   */
  @Get('healthz')
  @ApiOkResponse({ type: TinkerHealthDto, description: 'The process is alive.' })
  health(): TinkerHealthDto {
    return { status: 'ok' };
  }

  /**
   * Base models of this server
   * @remarks Example: `curl http://127.0.0.1:8000/api/v1/get_server_capabilities`
   */
  @Get('get_server_capabilities')
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: ServerCapabilitiesDto, description: 'The capabilities of the server.' })
  async describe(): Promise<ServerCapabilitiesDto> {
    const { baseModels } = await this.capabilities.describe();
    return {
      supported_models: baseModels.map(({ name, contextLength }) => {
        return { model_name: name, max_context_length: contextLength, trainable: true, sampleable: true };
      }),
    };
  }

  @Post('create_session')
  @HttpCode(200)
  @ApiPost('api/v1/create_session', {
    summary: 'Begin a session',
    description: 'A session stays active as long as it receives heartbeats; models created in it belong to it.',
    type: CreateSessionDto,
    examples: { 'a session': { tags: ['experiment-1'], sdk_version: '0.25.0' } },
  })
  @ApiOkResponse({ type: SessionCreatedDto, description: 'The session is created.' })
  async createSession(@Body() body: CreateSessionDto): Promise<SessionCreatedDto> {
    const session_id = await this.sessions.create({
      tags: body.tags ?? [],
      userMetadata: body.user_metadata ?? null,
      sdkVersion: body.sdk_version ?? '',
      projectId: body.project_id ?? null,
      displayName: body.display_name ?? null,
    });
    return { session_id };
  }

  @Post('session_heartbeat')
  @HttpCode(200)
  @ApiPost('api/v1/session_heartbeat', {
    summary: 'Send a heartbeat',
    description: 'The SDK sends one every 10 seconds. Returns 410 once the session is finished.',
    type: SessionIdDto,
    examples: { 'a session': { session_id: SESSION } },
  })
  @ApiOkResponse({ type: HeartbeatDto, description: 'The session is active.' })
  @ApiMissing('session')
  @ApiGoneResponse({ type: ErrorDto, description: 'The session is finished.' })
  async heartbeat(@Body() { session_id: id }: SessionIdDto): Promise<HeartbeatDto> {
    await this.sessions.beat(id);
    return { type: 'session_heartbeat' };
  }

  @Post('sessions/:session_id/finish')
  @HttpCode(204)
  @ApiPost(`api/v1/sessions/${SESSION}/finish`, {
    summary: 'Finish a session',
    description: 'Evicts its adapters from memory; nothing is lost. The reason given in the first request is kept.',
    type: FinishSessionDto,
    examples: { success: { reason: { type: 'success' }, detail: 'training complete' }, 'without a reason': {} },
  })
  @ApiParam({ name: 'session_id', example: SESSION, description: 'Id of the session.' })
  @ApiNoContentResponse({ description: 'The session is finished.' })
  @ApiMissing('session')
  async finish(@Param('session_id') id: string, @Body() { reason, detail }: FinishSessionDto): Promise<void> {
    await this.sessions.finish(id, { reason: reason?.type, detail });
  }
}
