import { expect, it } from 'vitest';
import { checkWebhookUrl, isPublicAddress } from './webhook-address.js';

it.each(['93.184.216.34', '1.1.1.1', '2606:4700:4700::1111', '::ffff:1.1.1.1'])('takes %s for public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

it.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1', // carrier-grade NAT
  '169.254.169.254', // metadata services of clouds
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd00:ec2::254', // the metadata service of AWS
  'ff02::1',
  '::ffff:127.0.0.1', // IPv4 in IPv6
  '64:ff9b::a9fe:a9fe', // 169.254.169.254 by NAT64
  '2002:7f00:1::', // 127.0.0.1 by 6to4
  'localhost',
])('does not take %s for public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

it.each([
  'ftp://example.com/',
  'file:///etc/passwd',
  '/hooks',
  'https://user:password@example.com/',
  'http://localhost:8000/',
  'http://api.localhost/',
  'http://[::1]/',
  'http://0x7f.1/', // browsers' and curl's spellings of 127.0.0.1
  'http://2130706433/',
  'http://017700000001/',
])('refuses the address %s', (url) => {
  expect(() => checkWebhookUrl(url, false)).toThrow('url ');
});

it('takes names and public addresses, and private ones where the operator allows them', () => {
  for (const url of ['https://example.com/hooks', 'http://93.184.216.34:8080/']) checkWebhookUrl(url, false);
  checkWebhookUrl('http://127.0.0.1:3000/', true);
});
