import { describe, expect, test } from 'vitest'
import { keyVaultScope } from '../../../src/credentials/vaults/key-vault.js'
import { vaultReference } from '../../../src/credentials/vaults/reference.js'

describe('references to vaults', () => {
  test.each([
    [
      'https://v.vault.azure.net/secrets/name',
      { origin: 'https://v.vault.azure.net', name: 'name', version: undefined },
    ],
    ['https://v.vault.usgovcloudapi.net/secrets/n/0a1b', { name: 'n', version: '0a1b' }],
  ])('Key Vault: %s', (place, parts) => {
    expect(vaultReference('keyvault', place)).toMatchObject(parts)
  })

  test.each([
    'https://v.vault.azure.net/keys/name',
    'https://v.vault.azure.net',
    'http://v.vault.azure.net/secrets/name',
    'https://vault.azure.net.example.com/secrets/name',
    'https://user@v.vault.azure.net/secrets/name',
    'name',
  ])('a token for Key Vault is sent to no other host: %s is refused', (place) => {
    expect(() => vaultReference('keyvault', place)).toThrow('https://<vault>.vault.azure.net/secrets/<name>')
  })

  test.each([
    ['https://v.vault.azure.net', 'https://vault.azure.net/.default'],
    ['https://v.vault.azure.cn', 'https://vault.azure.cn/.default'],
    ['https://v.vault.usgovcloudapi.net', 'https://vault.usgovcloudapi.net/.default'],
  ])('the scope of %s is that of its cloud', (origin, scope) => {
    expect(keyVaultScope(origin)).toBe(scope)
  })

  test.each([
    ['prod/kafka', {}, { id: 'prod/kafka', region: undefined, key: undefined }],
    ['prod/kafka?region=eu-west-1#password', {}, { id: 'prod/kafka', region: 'eu-west-1', key: 'password' }],
    ['prod/kafka', { region: 'eu-west-1', key: 'a b' }, { region: 'eu-west-1', key: 'a b' }],
    ['arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:x-a1B2c3', {}, { region: 'cn-north-1' }],
  ])('Secrets Manager: %s %j', (place, more, parts) => {
    expect(vaultReference('aws-secret', place, more)).toMatchObject(parts)
  })

  test.each(['', 'a b', 'arn:aws:s3:::bucket'])('%j is no secret of AWS', (place) => {
    expect(() => vaultReference('aws-secret', place)).toThrow('a secret of AWS is its name or ARN')
  })

  test.each([
    ['projects/p/secrets/s', 'projects/p/secrets/s/versions/latest', undefined],
    ['projects/p/secrets/s/versions/7', 'projects/p/secrets/s/versions/7', undefined],
    ['projects/p/locations/eu/secrets/s', 'projects/p/locations/eu/secrets/s/versions/latest', 'eu'],
  ])('Google: %s', (place, name, location) => {
    expect(vaultReference('gcp-secret', place)).toMatchObject({ name, location })
  })

  test('a name alone is no secret of Google', () => {
    expect(() => vaultReference('gcp-secret', 's')).toThrow('projects/<project>/secrets/<name>')
  })
})
