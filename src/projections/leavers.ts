import type { ConfigurationAudited } from '../domain/fact.js'
import { granularities, intervalAt } from '../domain/granularity.js'
import type { EpochMs } from '../domain/interval.js'
import { leftName, type Left } from '../domain/kpi-event.js'
import type { Profile } from '../domain/profile.js'
import { granularitiesOf } from './cells/cell-finder.js'

/**
 * Queues and agents that were deleted in Genesys, as its audits say. A deletion is put out once all intervals that hold
 * its instant have closed, the longest too: until then rows of what was deleted still become final, and would appear
 * behind it.
 *
 * awaited (its intervals are open) → due (they have closed) → drained.
 */
export class Leavers {
  private readonly tenant: string
  private readonly profile: Profile
  private awaited: readonly Left[]
  private due: readonly Left[] = []

  constructor(tenant: string, profile: Profile, awaited: readonly Left[] = []) {
    this.tenant = tenant
    this.profile = profile
    this.awaited = awaited
  }

  /** Learns of an audit; most are none of a deletion. */
  learn({ action, entityType, entityId, at }: ConfigurationAudited): void {
    const dimension = dimensions[entityType.toLowerCase()]
    if (dimension === undefined || entityId === null || action.toLowerCase() !== 'delete') return
    if (this.awaited.some((left) => left.dimension === dimension && left.id === entityId)) return
    this.awaited = [...this.awaited, { tenant: this.tenant, dimension, id: entityId, at }]
  }

  /** All intervals that end at or before `closedThrough` have closed. */
  reach(closedThrough: EpochMs): void {
    if (this.awaited.length === 0) return
    const isDue = ({ at }: Left): boolean => this.lastEnd(at) <= closedThrough
    this.due = [...this.due, ...this.awaited.filter(isDue)]
    this.awaited = this.awaited.filter((left) => !isDue(left))
  }

  /** Those that are due, which count as put out from now on. */
  drain(): readonly Left[] {
    const { due } = this
    this.due = []
    return due
  }

  /** These were put out before, by `leftName`, and are not put out again. */
  wasPublished(published: ReadonlySet<string>): void {
    this.due = this.due.filter((left) => !published.has(leftName(left)))
  }

  save(): readonly Left[] {
    return [...this.due, ...this.awaited]
  }

  /** End of the longest interval that holds an instant. */
  private lastEnd(at: EpochMs): EpochMs {
    const used = granularitiesOf(this.profile)
    const longest = granularities.findLast((granularity) => used.includes(granularity)) ?? 'PT15M'
    return intervalAt(longest, this.profile.zone, at).end
  }
}

/** By the entity types of Genesys's audits, which are spelled `Queue`, `User` and `USER`. */
const dimensions: Readonly<Record<string, Left['dimension']>> = { queue: 'queueId', user: 'userId' }
