import { Body, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { AdaptersService } from '../adapters/index.js';
import { SamplersService, SessionsService } from '../sessions/index.js';
import { AuditEntryDto, AuditLogDto, SessionDetailsDto, SessionsDto, UsageDto } from './dto/records.dto.js';
import { AuditQueryDto, PageDto, ProjectDto, textValues } from './dto/run.dto.js';
import { TinkerAudit } from './tinker-audit.js';
import { TinkerController } from './tinker.controller-kind.js';

/** What has happened: sessions, the audit log, usage. */
@TinkerController()
export class TinkerRecordsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly samplers: SamplersService,
    private readonly adapters: AdaptersService,
    private readonly auditLog: TinkerAudit,
  ) {}

  /**
   * List sessions, newest first
   * @remarks Example: `curl "http://127.0.0.1:8000/api/v1/sessions?limit=20"`
   */
  @Get('sessions')
  @ApiOkResponse({ type: SessionsDto })
  async list(@Query() { limit = 20, offset = 0 }: PageDto): Promise<SessionsDto> {
    return { sessions: (await this.sessions.list(limit, offset)).map(({ id }) => id) };
  }

  /**
   * What a session has made
   * @remarks Example: `curl http://127.0.0.1:8000/api/v1/sessions/session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
   */
  @Get('sessions/:session_id')
  @ApiParam({ name: 'session_id', example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @ApiOkResponse({ type: SessionDetailsDto })
  async get(@Param('session_id') id: string): Promise<SessionDetailsDto> {
    const { userMetadata } = await this.sessions.get(id);
    return {
      training_run_ids: (await this.adapters.ofSession(id)).map(({ modelId }) => modelId),
      sampler_ids: (await this.samplers.ofSession(id)).map((sampler) => sampler.id),
      user_metadata: userMetadata && textValues(userMetadata),
    };
  }

  /**
   * Name the project of a session
   * @remarks Example: `curl -X PUT http://127.0.0.1:8000/api/v1/sessions/session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/project -H "Content-Type: application/json" -d '{"project_id": "project-1"}'`
   */
  @Put('sessions/:session_id/project')
  @HttpCode(204)
  @ApiParam({ name: 'session_id', example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @ApiNoContentResponse()
  setProject(@Param('session_id') id: string, @Body() { project_id: projectId }: ProjectDto): Promise<void> {
    return this.sessions.setProject(id, projectId);
  }

  /**
   * What was made, saved, loaded and deleted
   * @remarks As far as requests are kept (FUTURE_RETENTION_HOURS). Example: `curl "http://127.0.0.1:8000/api/v1/audit?event_type=checkpoints"`
   */
  @Get('audit')
  @ApiOkResponse({ type: AuditLogDto })
  async audit(@Query() { event_type: type, day }: AuditQueryDto): Promise<{ entries: AuditEntryDto[] }> {
    return { entries: await this.auditLog.read(type ?? 'all', day) };
  }

  /**
   * What is billed: nothing
   * @remarks Example: `curl http://127.0.0.1:8000/api/v1/billing/usage/events`
   */
  @Get('billing/usage/events')
  @ApiOkResponse({ type: UsageDto })
  usage(): UsageDto {
    return { data: [], sessions: {} };
  }
}
