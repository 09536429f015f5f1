/** Limits of the notification service: topics of one channel, and channels of one application and user. */
export const TOPICS_OF_A_CHANNEL_MAX = 1_000
export const CHANNELS_MAX = 20

/** What stands in the braces of a template of topic names. */
export const placeholders = ['queue', 'user', 'conversation'] as const
export type Placeholder = (typeof placeholders)[number]

const BRACES = /\{([^}]*)\}/g

/** Why a text is no template of topic names; `undefined` if it is one. */
export const templateFault = (template: string): string | undefined => {
  const named = [...template.matchAll(BRACES)].map(([, name]) => name as string)
  const unknown = named.find((name) => !placeholders.includes(name as Placeholder))
  if (unknown !== undefined) return `{${unknown}} is none of {queue}, {user} and {conversation}`
  if (new Set(named).size > 1) return 'it names more than one kind of thing'
  return /^v2\.[A-Za-z0-9_.{}?&:-]+$/.test(template) ? undefined : 'topics begin with v2.'
}

export const placeholderOf = (template: string): Placeholder | undefined =>
  [...template.matchAll(BRACES)].map(([, name]) => name as Placeholder)[0]

/** The topic names of a template for these ids. */
export const topicsOf = (template: string, ids: Iterable<string>): readonly string[] =>
  placeholderOf(template) === undefined ? [template] : [...ids].map((id) => template.replaceAll(BRACES, () => id))

/** Ids by what the braces of templates name. */
export type KnownIds = Readonly<{ queues: readonly string[]; users: readonly string[] }>

/** The topics that are known from the start, each once, in the order of the templates. Conversations come later. */
export const standingTopics = (templates: readonly string[], { queues, users }: KnownIds): readonly string[] => [
  ...new Set(
    templates.flatMap((template) => {
      const of = placeholderOf(template)
      return of === 'conversation' ? [] : topicsOf(template, of === 'queue' ? queues : users)
    }),
  ),
]

/** Topics by channel; `left` do not fit. */
export type Assignment = Readonly<{ channels: readonly (readonly string[])[]; left: readonly string[] }>

/**
 * Divides topics among channels. A topic stays on the channel that has it, so that what is subscribed is not interrupted;
 * a new one goes to the first channel with room.
 */
export const assignTopics = (
  topics: readonly string[],
  before: readonly (readonly string[])[],
  { perChannel, channelsMax }: Readonly<{ perChannel: number; channelsMax: number }>,
): Assignment => {
  const wanted = new Set(topics)
  const channels = before.slice(0, channelsMax).map((channel) => channel.filter((topic) => wanted.has(topic)))
  for (const channel of channels) for (const topic of channel) wanted.delete(topic)
  const left: string[] = []
  let next = 0
  for (const topic of wanted) {
    while ((channels[next]?.length ?? 0) >= perChannel) next += 1
    if (next >= channelsMax) left.push(topic)
    else (channels[next] ??= []).push(topic)
  }
  return { channels, left }
}
