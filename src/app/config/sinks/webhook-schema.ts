import { z } from 'zod'
import { addressFault } from '../../../egress/webhooks/addresses.js'
import { sslSchema } from '../connections/kafka-connection-schema.js'
import { secret } from '../secrets/secret-schema.js'
import type { SettingFault } from '../setting-fault.js'

const limitMs = z.number().int().min(1).max(600_000)

/** The settings of an endpoint that takes webhooks (docs/sinks/webhooks.md). */
export const webhookSchema = z.strictObject({
  url: z.string().min(1),
  /** One key or several, separated by white space; each signs. `whsec_…` (HMAC-SHA256) or `whsk_…` (Ed25519). */
  signingKeys: secret,
  /** Sent as `Authorization: Bearer …`. */
  token: secret.optional(),
  /** Authorities that are trusted, and the certificate of this client (mTLS). */
  ssl: sslSchema.default(true),
  /** Whether anything but this machine may be sent to without TLS. */
  allowHttp: z.boolean().default(false),
  /** Whether the address may be, or lead, in a private network. */
  allowPrivateNetworks: z.boolean().default(false),
  /** Records in one message. 1: the record is the message, and its id is the identity of the record. */
  batch: z
    .strictObject({
      recordsMax: z.number().int().min(1).max(10_000).default(1),
      bytesMax: z
        .number()
        .int()
        .min(1_024)
        .max(16 * 1024 * 1024)
        .default(256 * 1024),
    })
    .prefault({}),
  /** Requests at the same time; rows of one queue, agent and so on are never sent at the same time. */
  parallel: z.number().int().min(1).max(64).default(8),
  connectTimeoutMs: limitMs.default(10_000),
  /** From the beginning of a request to the end of its answer. */
  timeoutMs: limitMs.default(15_000),
  /** What becomes of a record that the receiver refuses for ever (400, 409, 413, 415, 422). */
  onBadRow: z.enum(['stop', 'dead-letter']).default('dead-letter'),
  /** After so many answers that tell of an error a message counts as refused. Default: it is sent until it is taken. */
  attemptsMax: z.number().int().min(1).optional(),
})

export type WebhookSettings = z.infer<typeof webhookSchema>

export const webhookFaults = ({ url, ...settings }: WebhookSettings): readonly SettingFault[] => {
  const fault = addressFault(url, settings)
  return [
    ...(fault === undefined ? [] : [{ path: ['url'], message: fault }]),
    ...(typeof settings.ssl === 'object' &&
    (settings.ssl.clientCertificateFile === undefined) !== (settings.ssl.clientKey === undefined)
      ? [{ path: ['ssl'], message: 'clientCertificateFile and clientKey go together' }]
      : []),
    ...(settings.ssl === false ? [{ path: ['ssl'], message: 'whether TLS is used is said by the address' }] : []),
  ]
}
