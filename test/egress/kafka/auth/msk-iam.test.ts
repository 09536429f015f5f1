import { describe, expect, test } from 'vitest'
import { mskIamToken } from '../../../../src/egress/kafka/auth/msk-iam.js'

const AT = Date.parse('2026-11-29T18:04:14Z')
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

const signed = (credentials: Parameters<typeof mskIamToken>[1]): URL =>
  new URL(Buffer.from(mskIamToken('eu-central-1', credentials, AT).value, 'base64url').toString())

describe('a token for Amazon MSK', () => {
  // The signatures are those of botocore (SigV4QueryAuth, service kafka-cluster) for the same keys and instant.
  test('is the address that botocore signs for permanent credentials', () => {
    const url = signed(KEYS)
    expect(url.origin + url.pathname).toBe('https://kafka.eu-central-1.amazonaws.com/')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      Action: 'kafka-cluster:Connect',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIDEXAMPLE/20261129/eu-central-1/kafka-cluster/aws4_request',
      'X-Amz-Date': '20261129T180414Z',
      'X-Amz-Expires': '900',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': '5071efd4bc2cc7be4fae5d93c5264afffe4503ee914875a28c1aae50c35c5def',
      'User-Agent': 'streamvane',
    })
  })

  test('is the address that botocore signs for temporary credentials', () => {
    const { searchParams } = signed({ ...KEYS, sessionToken: 'planted/session+token==' })
    expect(searchParams.get('X-Amz-Security-Token')).toBe('planted/session+token==')
    expect(searchParams.get('X-Amz-Signature')).toBe('2c52d6d3a8aac08d37174ed3c3398bee697f2fbf2d764c1554bc8d2782df1cbb')
  })

  test('is base64url without padding and expires after 15 minutes', () => {
    const { value, expiresAt } = mskIamToken('eu-central-1', KEYS, AT)
    expect(value).toMatch(/^[\w-]+$/)
    expect(expiresAt - AT).toBe(900_000)
  })
})
