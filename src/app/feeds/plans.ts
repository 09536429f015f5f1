import * as E from 'fp-ts/lib/Either.js'
import { ConfigError, type Config } from '../config/schema.js'
import type { PushSettings } from '../config/feeds/push-schema.js'
import { planOf, type FeedPlan } from './records/plan.js'

/** The feeds of the configuration, which was checked when it was loaded. */
export const feedPlans = ({ feeds, profile }: Pick<Config, 'feeds' | 'profile'>): readonly FeedPlan[] =>
  feeds.list.map((settings) => {
    const plan = planOf(settings, profile.kpis)
    if (E.isRight(plan)) return plan.right
    throw new ConfigError(plan.left.map(({ path, message }) => `feeds.${path.join('.')}: ${message}`).join('\n'))
  })

/** A feed that is delivered somewhere. */
export type PushedFeed = FeedPlan & Readonly<{ settings: Readonly<{ push: PushSettings }> }>

const isPushed = (plan: FeedPlan): plan is PushedFeed => plan.settings.push !== undefined

/** The feeds that are delivered somewhere. */
export const pushedFeeds = (config: Pick<Config, 'feeds' | 'profile'>): readonly PushedFeed[] =>
  feedPlans(config).filter(isPushed)

/** The feed of this name. Throws `ConfigError` that names those that there are. */
export const feedNamed = (config: Pick<Config, 'feeds' | 'profile'>, name: string): FeedPlan => {
  const plans = feedPlans(config)
  const plan = plans.find(({ settings }) => settings.name === name)
  if (plan !== undefined) return plan
  const names = plans.map(({ settings }) => settings.name)
  throw new ConfigError(
    names.length === 0
      ? 'feeds.list: the configuration has no feeds (docs/feeds.md)'
      : `there is no feed ${name}; there are ${names.join(', ')} (feeds.list)`,
  )
}
