import { Body, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { CapabilitiesService } from '../adapters/index.js';
import { SessionsService } from '../sessions/index.js';
import {
  ClientConfigDto,
  CreateSessionDto,
  DynamicConfigDto,
  ServerCapabilitiesDto,
  SessionCreatedDto,
  SessionIdDto,
  TelemetryDto,
  TinkerHealthDto,
} from './dto/service.dto.js';
import { TinkerController } from './tinker.controller-kind.js';

/** What a client asks before and beside its work. */
@TinkerController()
export class TinkerServiceController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly capabilities: CapabilitiesService,
  ) {}

  /**
   * Settings for the SDK
   * @remarks The same for every version of it: encodings are chosen by each request's headers. Example: `curl -X POST http://127.0.0.1:8000/api/v1/client/config -H "Content-Type: application/json" -d '{"sdk_version": "0.25.0"}'`
   */
  @Post('client/config')
  @HttpCode(200)
  @ApiOkResponse({ type: ClientConfigDto })
  config(): ClientConfigDto {
    return {
      pjwt_auth_enabled: false,
      parallel_fwdbwd_chunks: true,
      proto_compress_fwdbwd: false,
      proto_write_fwdbwd: false,
      create_model_via_load_weights: false,
      use_pyqwest_transport: false,
    };
  }

  /**
   * Settings that the SDK asks for again and again
   * @remarks Example: `curl -X POST http://127.0.0.1:8000/api/v1/client/dynamic_config`
   */
  @Post('client/dynamic_config')
  @HttpCode(200)
  @ApiOkResponse({ type: DynamicConfigDto })
  dynamicConfig(): DynamicConfigDto {
    return { refresh_interval_sec: 300 };
  }

  /**
   * Take the SDK's telemetry
   * @remarks Nothing of it is stored. Example: `curl -X POST http://127.0.0.1:8000/api/v1/telemetry`
   */
  @Post('telemetry')
  @HttpCode(200)
  @ApiOkResponse({ type: TelemetryDto })
  telemetry(): TelemetryDto {
    return { status: 'accepted' };
  }

  /**
   * Is the process alive?
   * @remarks Example: `curl http://127.0.0.1:8000/api/v1/healthz`
   */
  @Get('healthz')
  @ApiOkResponse({ type: TinkerHealthDto })
  health(): TinkerHealthDto {
    return { status: 'ok' };
  }

  /**
   * Base models of this server
   * @remarks Example: `curl http://127.0.0.1:8000/api/v1/get_server_capabilities`
   */
  @Get('get_server_capabilities')
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: ServerCapabilitiesDto })
  async describe(): Promise<ServerCapabilitiesDto> {
    const { supported_models: models } = await this.capabilities.describe();
    return {
      supported_models: models.map(({ model_name, max_context_length }) => {
        return { model_name, max_context_length, trainable: true, sampleable: true };
      }),
    };
  }

  /**
   * Begin a session
   * @remarks It goes on while heartbeats come. Example: `curl -X POST http://127.0.0.1:8000/api/v1/create_session -H "Content-Type: application/json" -d '{"tags": [], "sdk_version": "0.25.0"}'`
   */
  @Post('create_session')
  @HttpCode(200)
  @ApiOkResponse({ type: SessionCreatedDto })
  async createSession(@Body() body: CreateSessionDto): Promise<SessionCreatedDto> {
    const session_id = await this.sessions.create({
      tags: body.tags ?? [],
      userMetadata: body.user_metadata ?? null,
      sdkVersion: body.sdk_version ?? '',
      projectId: body.project_id ?? null,
    });
    return { session_id };
  }

  /**
   * Say that the client is still there
   * @remarks Example: `curl -X POST http://127.0.0.1:8000/api/v1/session_heartbeat -H "Content-Type: application/json" -d '{"session_id": "session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"}'`
   */
  @Post('session_heartbeat')
  @HttpCode(200)
  async heartbeat(@Body() { session_id: id }: SessionIdDto): Promise<{ type: string }> {
    await this.sessions.beat(id);
    return { type: 'session_heartbeat' };
  }

  /**
   * End a session
   * @remarks Its adapters leave memory, nothing is lost. Example: `curl -X POST http://127.0.0.1:8000/api/v1/sessions/session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/finish`
   */
  @Post('sessions/:session_id/finish')
  @HttpCode(204)
  async finish(@Param('session_id') id: string): Promise<void> {
    await this.sessions.finish(id);
  }
}
