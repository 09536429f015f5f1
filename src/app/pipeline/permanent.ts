import { RowOfUnknownSchema } from '../../contract/kpi-stream/stored.js'
import { LogDamaged, LogOfLaterVersion } from '../../log/event-log.js'
import { SourceRefused } from '../../ingress/source.js'
import { LogRefused } from './logs/log-refused.js'

/**
 * Trying again does not help against these errors, and their messages say what does: the stage ends as refused with
 * that message. `undefined` for every other error.
 */
export const permanentReason = (cause: unknown): string | undefined =>
  cause instanceof LogDamaged ||
  cause instanceof LogOfLaterVersion ||
  cause instanceof LogRefused ||
  cause instanceof RowOfUnknownSchema ||
  cause instanceof SourceRefused
    ? cause.message
    : undefined
