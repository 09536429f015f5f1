import { DAY_MS } from '../../../domain/interval.js'
import { endpoints } from '../../../telemetry/catalogue.js'
import { tlsKeyOf, tlsOf } from '../../config/tls-schema.js'
import { readCertificate } from '../../tls/certificate.js'
import { failure, ok, warning, type Check, type Patient } from './check.js'

/** As the alert StreamvaneCertificateExpiring. */
const EXPIRES_SOON_DAYS = 14

/** Whether the certificates of our endpoints can be used, and for how long. */
export const checkCertificates = ({ config, now }: Patient): Promise<readonly Check[]> => {
  const seen = endpoints.flatMap((endpoint): readonly Check[] => {
    const settings = tlsOf(config, endpoint)
    if (settings === undefined) return []
    const key = tlsKeyOf(config, endpoint)
    try {
      const { notBefore, notAfter, leaf } = readCertificate(settings, key)
      const days = Math.floor((notAfter - now()) / DAY_MS)
      const says = `${settings.certificateFile}: ${leaf.subjectAltName ?? leaf.subject}`
      const renew = 'renew it: both files are read again by themselves'
      if (days < 0)
        return [failure('certificates', endpoint, `${says}: it expired at ${new Date(notAfter).toISOString()}`, renew)]
      if (now() < notBefore)
        return [
          failure('certificates', endpoint, `${says}: it is not valid before ${new Date(notBefore).toISOString()}`),
        ]
      return [
        days < EXPIRES_SOON_DAYS
          ? warning('certificates', endpoint, `${says}: it expires in ${days} days`, renew)
          : ok('certificates', endpoint, `${says}: it is valid for ${days} days`),
      ]
    } catch (cause) {
      return [failure('certificates', endpoint, (cause as Error).message, `${key}.certificateFile, ${key}.privateKey`)]
    }
  })
  return Promise.resolve(
    seen.length > 0 ? seen : [ok('certificates', 'certificates', 'no endpoint speaks TLS by this configuration')],
  )
}
