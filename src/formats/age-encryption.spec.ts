import { Decrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { encryptFiles, isAgeRecipient } from './age-encryption.js';

const files = new Map([
  ['weights', Uint8Array.from({ length: 200_000 }, (_, i) => i % 251)],
  ['empty', new Uint8Array(0)],
]);

async function read(file: Uint8Array, identity: string): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return decrypter.decrypt(file);
}

describe('encrypting files with age', () => {
  it('lets each recipient read them, and nobody else', async () => {
    const [first, second, stranger] = await Promise.all([1, 2, 3].map(generateX25519Identity));
    const recipients = await Promise.all([first!, second!].map(identityToRecipient));
    const encrypted = await encryptFiles(files, recipients);
    expect([...encrypted.keys()]).toEqual(['weights.age', 'empty.age']);
    for (const identity of [first!, second!]) {
      expect(await read(encrypted.get('weights.age')!, identity)).toEqual(files.get('weights'));
      expect(await read(encrypted.get('empty.age')!, identity)).toEqual(files.get('empty'));
    }
    await expect(read(encrypted.get('weights.age')!, stranger!)).rejects.toThrow('no identity matched');
  });

  it('knows recipients from other text', async () => {
    const identities = [await generateX25519Identity(), await generateHybridIdentity()];
    for (const identity of identities) {
      expect(isAgeRecipient(await identityToRecipient(identity))).toBe(true);
      expect(isAgeRecipient(identity)).toBe(false);
    }
    for (const text of ['', 'age1', 'age1abc', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5'])
      expect(isAgeRecipient(text)).toBe(false);
  });
});
