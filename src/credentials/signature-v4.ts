import { createHash, createHmac } from 'node:crypto'

/** When and for what a signature is made. */
export type Signing = Readonly<{
  /** `20260301T120000Z`. */
  instant: string
  /** `20260301/eu-central-1/secretsmanager/aws4_request`. */
  scope: string
  secretAccessKey: string
}>

export const SIGNATURE_ALGORITHM = 'AWS4-HMAC-SHA256'

/** The instant `at` (ms since 1970) as signatures write it, and the scope of a region and service. */
export const signingScope = (at: number, region: string, service: string): Pick<Signing, 'instant' | 'scope'> => {
  const instant = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '')
  return { instant, scope: `${instant.slice(0, 8)}/${region}/${service}/aws4_request` }
}

/**
 * Signature Version 4 of AWS over a canonical request, in hexadecimal
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */
export const signatureV4 = ({ instant, scope, secretAccessKey }: Signing, canonicalRequest: string): string => {
  const toSign = [SIGNATURE_ALGORITHM, instant, scope, sha256(canonicalRequest)].join('\n')
  const key = scope.split('/').reduce<Buffer>((above, part) => hmac(above, part), Buffer.from(`AWS4${secretAccessKey}`))
  return hmac(key, toSign).toString('hex')
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
