import { IsString } from 'class-validator';

export class ChatMessageDto {
  /**
   * Who speaks: system, user or assistant.
   * @example user
   */
  @IsString()
  role!: string;

  /**
   * What is said.
   * @example Hello
   */
  @IsString()
  content!: string;
}
