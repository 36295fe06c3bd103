import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiInvalid, ApiMissing, ApiPut } from '../../common/http/api-docs.js';
import { readCaptureFilter } from './capture-filter.reader.js';
import { type CaptureSettings, CaptureSettingsService } from './capture-settings.service.js';
import { presentCapture, presentCaptureWithTokens } from './captures.presenter.js';
import { CapturesService } from './captures.service.js';
import { CaptureSettingsDto, ChangeCaptureSettingsDto } from './dto/capture-settings.dto.js';
import {
  CAPTURE_ID,
  CaptureDeletedDto,
  CaptureListDto,
  CaptureWithTokensDto,
  DEFAULT_CAPTURES_LIMIT,
  ListCapturesDto,
} from './dto/capture.dto.js';

const ID = {
  name: 'id',
  example: CAPTURE_ID,
  description: 'Id of the request, or of its answer (chatcmpl-..., cmpl-..., msg_...).',
};
const URL = 'http://127.0.0.1:8000/v1/captures';

@ApiTags('captures')
@Controller('v1/captures')
export class CapturesController {
  constructor(
    private readonly captures: CapturesService,
    private readonly settings: CaptureSettingsService,
  ) {}

  @Get('settings')
  @ApiOperation({
    summary: 'Get the capture settings',
    description: `Whether sampling requests of this key are captured. Example: \`curl ${URL}/settings\``,
  })
  @ApiOkResponse({ type: CaptureSettingsDto, description: 'The settings of this key.' })
  async getSettings(): Promise<CaptureSettingsDto> {
    return presentSettings(await this.settings.get());
  }

  @Put('settings')
  @ApiPut('v1/captures/settings', {
    summary: 'Start or stop capturing',
    description:
      'While enabled, requests of this key to /v1/chat/completions, /v1/completions, /v1/messages and /generate ' +
      'are kept with their answers, tokens and log-probs. Off by default.',
    type: ChangeCaptureSettingsDto,
    examples: { start: { enabled: true }, 'keep for a week': { retention_days: 7 }, stop: { enabled: false } },
  })
  @ApiOkResponse({ type: CaptureSettingsDto, description: 'The settings of this key.' })
  async changeSettings(@Body() body: ChangeCaptureSettingsDto): Promise<CaptureSettingsDto> {
    const { enabled, retention_days: retentionDays } = body;
    const changes = {
      ...(enabled === undefined ? {} : { enabled }),
      ...(retentionDays === undefined ? {} : { retentionDays }),
    };
    return presentSettings(await this.settings.change(changes));
  }

  @Get()
  @ApiOperation({
    summary: 'List captures',
    description: `Your captured requests, newest first and page by page. Example: \`curl "${URL}?has_feedback=true&limit=20"\``,
  })
  @ApiInvalid()
  @ApiOkResponse({ type: CaptureListDto, description: 'A page of captures, without their tokens.' })
  async list(@Query() query: ListCapturesDto): Promise<CaptureListDto> {
    const filter = { ...readCaptureFilter(query), hasFeedback: query.has_feedback };
    const { captures, nextCursor } = await this.captures.list(
      filter,
      query.limit ?? DEFAULT_CAPTURES_LIMIT,
      query.cursor,
    );
    return { captures: captures.map((capture) => presentCapture(capture)), next_cursor: nextCursor };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Get a capture',
    description: `Returns the capture with its tokens and log-probs. Example: \`curl ${URL}/${CAPTURE_ID}\``,
  })
  @ApiParam(ID)
  @ApiMissing('capture')
  @ApiOkResponse({ type: CaptureWithTokensDto, description: 'The capture.' })
  async get(@Param('id') id: string): Promise<CaptureWithTokensDto> {
    return presentCaptureWithTokens(await this.captures.get(id));
  }

  @Delete(':id')
  @ApiOperation({
    summary: 'Delete a capture',
    description: `Deletes the capture and its feedback. Files created from it stay. Example: \`curl -X DELETE ${URL}/${CAPTURE_ID}\``,
  })
  @ApiParam(ID)
  @ApiMissing('capture')
  @ApiOkResponse({ type: CaptureDeletedDto, description: 'The capture is deleted.' })
  async delete(@Param('id') id: string): Promise<CaptureDeletedDto> {
    await this.captures.delete(id);
    return { id, status: 'deleted' };
  }
}

function presentSettings({ enabled, retentionDays }: CaptureSettings): CaptureSettingsDto {
  return { enabled, retention_days: retentionDays };
}
