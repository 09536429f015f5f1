import { expect, test } from 'vitest'
import { healthOf } from '../../../src/app/pipeline/health.js'
import { certificateGauges } from '../../../src/app/telemetry/certificate-gauges.js'
import type { CertificateState } from '../../../src/app/tls/followed-certificate.js'
import { startHealthServer } from '../../../src/http/health-server.js'
import { exposition } from '../../../src/telemetry/metrics/exposition.js'
import { Meters } from '../../../src/telemetry/metrics/meters.js'

const [NOW, LATER, BEFORE] = ['2026-01-05T10:00:00Z', '2026-02-01T00:00:00Z', '2026-01-05T09:00:00Z'].map(
  Date.parse,
) as [number, number, number]
const states: readonly CertificateState[] = [
  { endpoint: 'ingress', notAfter: LATER },
  { endpoint: 'health', notAfter: LATER, notRenewedSince: BEFORE },
  { endpoint: 'admin', notAfter: BEFORE },
]

test('health names the certificates that could not be renewed or have expired, and since when, and no others', async () => {
  const health = healthOf([], { kind: 'well' }, NOW, states)
  const certificates = {
    health: { alarm: 'not-renewed', since: '2026-01-05T09:00:00.000Z' },
    admin: { alarm: 'expired', since: '2026-01-05T09:00:00.000Z' },
  }
  expect(health.certificates).toEqual(certificates)
  expect(healthOf([], { kind: 'well' }, NOW, states.slice(0, 1))).not.toHaveProperty('certificates')
  const server = await startHealthServer({
    ...{ host: '127.0.0.1', port: 0, isDraining: () => false },
    health: () => ({ ...health, ready: true }),
  })
  const answer = await fetch(`${server.url}/readyz`)
  // Another process would show the same certificate.
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ certificates })])
  await server.close()
})

test('metrics say of each endpoint when its certificate expires, and whether it could be renewed', async () => {
  const meters = new Meters()
  meters.tell(certificateGauges(() => states))
  const text = exposition(await meters.read(), 'prometheus')
  expect(text.split('\n').filter((line) => line.startsWith('streamvane_certificate'))).toEqual([
    `streamvane_certificate_expiry_timestamp_seconds{endpoint="ingress"} ${LATER / 1_000}`,
    `streamvane_certificate_expiry_timestamp_seconds{endpoint="health"} ${LATER / 1_000}`,
    `streamvane_certificate_expiry_timestamp_seconds{endpoint="admin"} ${BEFORE / 1_000}`,
    'streamvane_certificate_not_renewed{endpoint="ingress"} 0',
    'streamvane_certificate_not_renewed{endpoint="health"} 1',
    'streamvane_certificate_not_renewed{endpoint="admin"} 0',
  ])
})
