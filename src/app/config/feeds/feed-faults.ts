import * as E from '../../../domain/either.js'
import type { Profile } from '../../../domain/profile.js'
import { planOf } from '../../feeds/records/plan.js'
import { intervalFault } from '../../feeds/records/source-granularity.js'
import type { SettingFault } from '../setting-fault.js'
import type { FeedsSettings } from './feed-schema.js'

/** What is wrong with the feeds. Paths begin below `feeds`. */
export const feedFaults = ({ list, server }: FeedsSettings, profile: Profile): readonly SettingFault[] => [
  ...list.flatMap((feed, place): readonly SettingFault[] => {
    const plan = planOf(feed, profile.kpis)
    const interval = intervalFault(feed, profile)
    return [
      ...(list.findIndex(({ name }) => name === feed.name) < place
        ? [{ path: ['list', place, 'name'], message: `two feeds have the name ${feed.name}` }]
        : []),
      ...(profile.families.includes(feed.family)
        ? []
        : [
            {
              path: ['list', place, 'family'],
              message: `the profile computes no rows of ${feed.family}: name it in profile.families`,
            },
          ]),
      ...(interval === undefined ? [] : [{ path: ['list', place, 'interval'], message: interval }]),
      ...(E.isLeft(plan) ? plan.left.map(({ path, message }) => ({ path: ['list', place, ...path], message })) : []),
    ]
  }),
  ...(server?.tokens ?? []).flatMap(({ feeds, name }, place) =>
    feeds
      .filter((feed) => !list.some((each) => each.name === feed))
      .map((feed) => ({
        path: ['server', 'tokens', place, 'feeds'],
        message: `the token ${name} is for a feed ${feed}, and there is none of this name`,
      })),
  ),
]
