import { Body, Get, HttpCode, Param, Post, Put, Query, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiInvalid, ApiMissing, ApiPost, ApiPut } from '../../../common/http/api-docs.js';
import { AdaptersService } from '../../adapters/index.js';
import { SamplersService, SessionsService } from '../../sessions/index.js';
import { AuditEntryDto, AuditLogDto, SessionDetailsDto, SessionsDto } from './dto/records.dto.js';
import { AuditQueryDto, PageDto, ProjectDto, textValues } from './dto/run.dto.js';
import { SessionPageDto, SessionSearchDto, toSessionPageDto } from './dto/session-search.dto.js';
import { TraceExportDto } from './dto/trace.dto.js';
import { DownloadLinks } from '../weights/download-links.js';
import { readSessionSearch } from './session-search.reader.js';
import { SessionSearch } from './session-search.js';
import { TinkerAudit } from './audit.presenter.js';
import { TinkerController } from '../tinker-controller.decorator.js';

const SESSION_ID = {
  name: 'session_id',
  example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC',
  description: 'Id of the session.',
};

/** What has happened: sessions, the audit log. */
@TinkerController('records')
export class TinkerRecordsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly samplers: SamplersService,
    private readonly adapters: AdaptersService,
    private readonly auditLog: TinkerAudit,
    private readonly links: DownloadLinks,
    private readonly search: SessionSearch,
  ) {}

  /**
   * List sessions, newest first
   * @remarks Example: `curl "http://127.0.0.1:8000/api/v1/sessions?limit=20"`
   */
  @Get('sessions')
  @ApiOkResponse({ type: SessionsDto, description: 'A page of results.' })
  @ApiInvalid()
  async list(@Query() { limit = 20, offset = 0 }: PageDto): Promise<SessionsDto> {
    return { sessions: (await this.sessions.list(limit, offset)).map(({ id }) => id) };
  }

  @Post('sessions/search')
  @HttpCode(200)
  @ApiPost('api/v1/sessions/search', {
    summary: 'Search sessions',
    description:
      'Returns the sessions of this key that match all filters, newest first. For the next page, pass next_cursor as the cursor.',
    type: SessionSearchDto,
    examples: {
      'by name': { display_name: 'nightly', limit: 20 },
      'those that failed': { statuses: [{ type: 'client_finished', reasons: ['errored', 'interrupted'] }] },
      'by metadata': { user_metadata: { experiment: 'one' }, statuses: [{ type: 'active' }] },
    },
  })
  @ApiOkResponse({ type: SessionPageDto, description: 'A page of results.' })
  async searchSessions(@Body() body: SessionSearchDto): Promise<SessionPageDto> {
    return toSessionPageDto(await this.search.find(readSessionSearch(body)));
  }

  /**
   * Get what a session has created
   * @remarks Example: `curl http://127.0.0.1:8000/api/v1/sessions/session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
   */
  @Get('sessions/:session_id')
  @ApiParam(SESSION_ID)
  @ApiOkResponse({ type: SessionDetailsDto, description: 'Models and sampling sessions of the session.' })
  @ApiMissing('session')
  async get(@Param('session_id') id: string): Promise<SessionDetailsDto> {
    const { userMetadata, displayName } = await this.sessions.get(id);
    return {
      training_run_ids: (await this.adapters.ofSession(id)).map(({ modelId }) => modelId),
      sampler_ids: (await this.samplers.ofSession(id)).map((sampler) => sampler.id),
      user_metadata: userMetadata && textValues(userMetadata),
      display_name: displayName,
    };
  }

  /**
   * Get the download URL of a session's trace
   * @remarks The trace shows when each request waited and ran, as long as requests are kept (FUTURE_RETENTION_HOURS). Example: `curl http://127.0.0.1:8000/api/v1/sessions/session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/trace_export`
   */
  @Get('sessions/:session_id/trace_export')
  @ApiParam(SESSION_ID)
  @ApiOkResponse({ type: TraceExportDto, description: 'The URL.' })
  @ApiMissing('session')
  async exportTrace(@Param('session_id') sessionId: string, @Req() request: Request): Promise<TraceExportDto> {
    const { id } = await this.sessions.get(sessionId);
    return { status: 'ready', url: await this.links.toTrace(id, request) };
  }

  @Put('sessions/:session_id/project')
  @HttpCode(204)
  @ApiParam(SESSION_ID)
  @ApiPut(`api/v1/sessions/${SESSION_ID.example}/project`, {
    summary: 'Set the project of a session',
    description: 'A project is a name for grouping runs, sessions and usage.',
    type: ProjectDto,
    examples: { 'a project': { project_id: 'project-1' } },
  })
  @ApiNoContentResponse({ description: 'The project is set.' })
  @ApiMissing('session')
  setProject(@Param('session_id') id: string, @Body() { project_id: projectId }: ProjectDto): Promise<void> {
    return this.sessions.setProject(id, projectId);
  }

  /**
   * List audit events
   * @remarks Requests are listed for FUTURE_RETENTION_HOURS; copies, publications, TTL changes, expiries and deletions of checkpoints permanently. Example: `curl "http://127.0.0.1:8000/api/v1/audit?event_type=checkpoints"`
   */
  @Get('audit')
  @ApiOkResponse({ type: AuditLogDto, description: 'The newest entries, at most 1000.' })
  @ApiInvalid()
  async audit(@Query() { event_type: type, day }: AuditQueryDto): Promise<{ entries: AuditEntryDto[] }> {
    return { entries: await this.auditLog.read(type ?? 'all', day) };
  }
}
