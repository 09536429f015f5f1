import type { Secret } from '../../credentials/secret.js'
import type { TlsSettings } from '../../credentials/tls.js'
import type { RefusedRecords } from '../refused-records.js'
import type { AddressRules } from './addresses.js'
import type { BatchLimits } from './messages.js'

/** How an endpoint is reached. */
export type EndpointOptions = Readonly<{
  url: string
  rules: AddressRules
  tls: TlsSettings
  /** Keys as `signingKeysIn` reads them; read again for each message, so that keys are changed without a restart. */
  signingKeys: Secret
  /** Sent as `Authorization: Bearer …`. */
  token: Secret | undefined
  /** Requests at the same time. */
  parallel: number
  connectTimeoutMs: number
  /** From the beginning of a request to the end of its answer. */
  timeoutMs: number
}>

export type WebhookOptions = EndpointOptions &
  Readonly<{
    batch: BatchLimits
    /** What becomes of a record that the receiver refuses for ever. */
    onBadRow: 'stop' | 'dead-letter'
    /** A message is taken as refused once it failed so often with a status. Absent: it is sent until it is accepted. */
    attemptsMax: number | undefined
    refused: RefusedRecords
  }>
