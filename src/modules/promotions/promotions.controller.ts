import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiFailures, ApiMissing, ApiPost } from '../../common/http/api-docs.js';
import { ClientSignal } from '../../common/http/requests/client-signal.decorator.js';
import { ErrorDto } from '../../common/http/errors/error.dto.js';
import { AliasDto, presentAlias } from '../aliases/index.js';
import { PromotionDto } from './dto/promotion.dto.js';
import { PromotionsService } from './promotions.service.js';

@ApiTags('aliases')
@Controller('aliases')
export class PromotionsController {
  constructor(private readonly promotions: PromotionsService) {}

  @Post(':alias/promote')
  @HttpCode(200)
  @ApiPost('aliases/my-alias/promote', {
    summary: 'Promote a target that does as well as the one in use',
    description:
      'Evaluates both targets on the answers of a file. If the mean loss per token of the new target is not ' +
      'larger (plus the tolerance), the alias is pointed at it, and its history records both losses; otherwise ' +
      'it is not changed, and the 409 contains them.',
    type: PromotionDto,
    examples: { 'an adapter': { target: 'my-model', eval: { file: 'file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' } } },
  })
  @ApiParam({ name: 'alias', example: 'my-alias', description: 'Name of the alias.' })
  @ApiMissing('alias, the target or the file')
  @ApiResponse({ status: 409, type: ErrorDto, description: 'The target does worse, or the alias was changed.' })
  @ApiFailures()
  @ApiOkResponse({ type: AliasDto, description: 'The alias.' })
  async promote(
    @Param('alias') alias: string,
    @Body() { target, eval: { file, tolerance = 0 } }: PromotionDto,
    @ClientSignal() signal: AbortSignal,
  ): Promise<AliasDto | null> {
    const promoted = await this.promotions.promote({ alias, target, file, tolerance }, signal);
    return promoted && presentAlias(promoted);
  }
}
