import type { Gauges } from '../../telemetry/metrics/meters.js'
import type { CertificateState } from '../tls/followed-certificate.js'

/** When the certificates of this process's endpoints expire, and whether they could be renewed. */
export const certificateGauges =
  (states: () => readonly CertificateState[]): Gauges =>
  () =>
    states().flatMap(({ endpoint, notAfter, notRenewedSince }) => [
      { id: 'certificateExpiry', labels: [endpoint], value: notAfter / 1_000 },
      { id: 'certificateNotRenewed', labels: [endpoint], value: notRenewedSince === undefined ? 0 : 1 },
    ])
