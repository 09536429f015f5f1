import type { Logger } from 'pino'
import type { Secret } from '../../credentials/secret.js'
import type { Backoff } from '../../log/backoff.js'

export type SqsOptions = Readonly<{
  /** Of the source; `origin` of what it delivers is `sqs:<name>`. */
  name: string
  /** `https://sqs.<region>.amazonaws.com/<account>/<queue>`; its host is where requests go. */
  queueUrl: string
  region: string
  /** Absent: the default chain of AWS. Read again for each connection. */
  credentials?:
    Readonly<{ accessKeyId: string; secretAccessKey: Secret; sessionToken?: Secret | undefined }> | undefined
  /** Requests for messages that are open at a time; each brings ten messages at most, which are one append. */
  pollers: number
  /** A request for messages waits for so long for the first one. */
  waitSeconds: number
  /** Messages that are given to us are hidden from others for so long, and again while the log does not take them. */
  visibilitySeconds: number
  logger: Logger
  now?: () => number
  /** Pauses between attempts to connect, and to deliver what the log did not take. */
  backoff?: Backoff
}>
