import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import type { Destination } from '../../../src/egress/at-least-once/destination.js'
import { recordIdentity } from '../../../src/egress/record-identity.js'
import type { SinkRecord } from '../../../src/egress/sink.js'
import { webhookDestination } from '../../../src/egress/webhooks/destination.js'
import type { WebhookOptions } from '../../../src/egress/webhooks/options.js'
import { Receiver, type ReceiverOptions } from '../../support/webhooks/receiver.js'

export const idle = new AbortController().signal

/** A receiver that is closed when the test ends. */
export const receiver = async (options: ReceiverOptions = {}): Promise<Receiver> => {
  const started = await Receiver.start(options)
  onTestFinished(() => started.close())
  return started
}

export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`

/** What the default configuration says, for this receiver. */
export const optionsFor = (to: Receiver, more: Partial<WebhookOptions> = {}): WebhookOptions => ({
  url: to.url,
  rules: { allowHttp: false, allowPrivateNetworks: false },
  tls: {},
  signingKeys: Secret.literal(to.secret),
  token: undefined,
  parallel: 8,
  connectTimeoutMs: 10_000,
  timeoutMs: 15_000,
  batch: { recordsMax: 1, bytesMax: 256 * 1024 },
  onBadRow: 'dead-letter',
  attemptsMax: undefined,
  refused: { put: async () => {} },
  ...more,
})

/** An open destination for this receiver; `refused` are the records that were set aside, with the reason. */
export const opened = async (
  to: Receiver,
  more: Partial<WebhookOptions> = {},
): Promise<Destination & Readonly<{ refused: readonly string[] }>> => {
  const refused: string[] = []
  const put = async (record: SinkRecord, reason: string) => void refused.push(`${recordIdentity(record)}: ${reason}`)
  const destination = webhookDestination(optionsFor(to, { refused: { put }, ...more }))
  onTestFinished(() => destination.close())
  await destination.open(idle)()
  return { ...destination, refused }
}
