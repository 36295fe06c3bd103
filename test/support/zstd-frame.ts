/** A zstd frame by hand (RFC 8878), so that tests need no compressor and can make frames that lie. */
export interface ZstdFrame {
  /** What the header claims; left out, it claims nothing. */
  readonly claimedSize?: number;
  /** `count` times the byte 0, in blocks of at most 128 KB. */
  readonly zeros: number;
}

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const MAX_BLOCK = 128 * 1024;
const REPEATED_BYTE = 1;

export function zstdFrame({ claimedSize, zeros }: ZstdFrame): Buffer {
  return Buffer.concat([Buffer.from(MAGIC), header(claimedSize), ...zeroBlocks(zeros)]);
}

/** With a size: one segment and four bytes of size. Without: a window of 128 KB. */
function header(claimedSize: number | undefined): Buffer {
  if (claimedSize === undefined) return Buffer.of(0x00, 7 << 3);
  const bytes = Buffer.alloc(5, 0xa0);
  bytes.writeUInt32LE(claimedSize, 1);
  return bytes;
}

function zeroBlocks(zeros: number): Buffer[] {
  const blocks: Buffer[] = [];
  for (let left = zeros; left > 0; left -= MAX_BLOCK) {
    const isLast = left <= MAX_BLOCK ? 1 : 0;
    const block = Buffer.alloc(4);
    block.writeUIntLE((Math.min(left, MAX_BLOCK) << 3) | (REPEATED_BYTE << 1) | isLast, 0, 3);
    blocks.push(block);
  }
  return blocks;
}
