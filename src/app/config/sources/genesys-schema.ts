import { z } from 'zod'
import { CHANNELS_MAX, placeholderOf, templateFault } from '../../../genesys/notifications/topics.js'
import { period } from '../genesys-schema.js'

/**
 * What the socket can give without a wildcard: the states of agents as they happen, and the conversations of each queue,
 * whose metric records are followed from then on.
 */
const topicsByDefault = [
  'v2.users.{user}.presence',
  'v2.users.{user}.routingStatus',
  'v2.routing.queues.{queue}.conversations',
  'v2.analytics.conversation.{conversation}.metrics',
]

/** The settings of the notification socket. The organisation and its client are in `genesys`. */
export const genesysSourceSchema = z.strictObject({
  /** Names of topics; `{queue}` and `{user}` stand for each that is known, `{conversation}` for each that is followed. */
  topics: z
    .array(
      z.string().superRefine((template, context) => {
        const fault = templateFault(template)
        if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
      }),
    )
    .min(1)
    .default(topicsByDefault),
  /** One fewer than the platform allows: a channel is replaced by one that is opened before. */
  channels: z
    .number()
    .int()
    .min(1)
    .max(CHANNELS_MAX - 1)
    .default(10),
  /** Fill gaps by a backfill, as soon as the platform has the data. */
  fillGaps: z.boolean().default(true),
  /** How long before and after a gap events may have happened that were sent in it. */
  gapMargin: period.prefault('PT15M'),
})

export type GenesysSourceSettings = z.infer<typeof genesysSourceSchema>

/** Conversations are known only from topics of queues or users that name them. */
export const followsNothing = ({ topics }: GenesysSourceSettings): boolean =>
  topics.some((template) => placeholderOf(template) === 'conversation') &&
  !topics.some((template) => /\.conversations(\.|$)/.test(template))

/** The margin of the gaps that `run` is to fill; `undefined`: none are. */
export const fillsGaps = (
  sources: readonly Readonly<{ use: string; [setting: string]: unknown }>[],
): number | undefined => {
  const margins = sources
    .filter(({ use, fillGaps }) => use === 'genesys' && fillGaps === true)
    .map(({ gapMargin }) => gapMargin as number)
  return margins.length === 0 ? undefined : Math.max(...margins)
}
