import { pointDimension, type PointDimensions } from '../../domain/dimensions.js'
import type { ConversationRecorded, Fact, MetricPoint } from '../../domain/fact.js'
import type { FactRun } from '../../domain/fact-run.js'
import { families, familyNames } from '../../domain/family.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Profile } from '../../domain/profile.js'
import { earliest, overlaps } from '../../facts/event-times.js'
import type { RunSummary } from '../../facts/run-summary.js'
import { eventTimeOf, mayHold, wantedOf, type Scope } from './scope.js'

/** Says of an entry of a run that is a point in columns whether its stream concerns the scope. */
export type PointTest = (entry: number) => boolean

/**
 * Tells which facts may count in rows of a scope: by their time and by those of the wanted dimensions that the fact
 * itself says. It may say yes of a fact that counts elsewhere (a campaign is known of the conversation only), never no
 * of one that counts.
 */
export class Concerns {
  private readonly scope: Scope
  private readonly wanted: ReturnType<typeof wantedOf>
  private readonly from: EpochMs
  private readonly to: EpochMs
  /** States entered earlier have ended when the scope begins. */
  private readonly statesFrom: EpochMs
  private readonly ofPoints: boolean
  private readonly ofStates: boolean

  constructor(scope: Scope, profile: Profile) {
    this.scope = scope
    this.wanted = wantedOf(scope)
    const { from, to } = eventTimeOf(scope, profile)
    this.from = from
    this.to = to
    this.statesFrom = from - profile.agentState.stateMaxMs
    const held = familyNames.filter((family) => mayHold(scope, family))
    this.ofPoints = held.some((family) => families[family].dimensions.includes('mediaType'))
    this.ofStates = held.some((family) => !families[family].dimensions.includes('mediaType'))
  }

  /** May a run hold a fact that concerns the scope? Sessions whose after-call work moves their handle time do not count. */
  mayBeIn({ points, states }: RunSummary): boolean {
    return (
      (this.ofPoints && overlaps(points, this.from, this.to)) ||
      (this.ofStates && overlaps(states, this.statesFrom, this.to))
    )
  }

  /** Does a run hold facts of these streams that must be folded? */
  mayHold({ states, statesOnly, others }: RunSummary, hashes: ReadonlySet<number>): boolean {
    return others.holdsAny(hashes) || (overlaps(states, this.statesFrom, Infinity) && statesOnly.holdsAny(hashes))
  }

  /** The test for one run: its sets of dimension values are looked at once. */
  testOf({ at, tuple, tuples }: FactRun): PointTest {
    const wanted = tuples.map((values) => this.ofPoints && this.matches(values))
    return (entry) => {
      const when = at[entry] as number
      return when >= this.from && when < this.to && wanted[tuple[entry] as number] === true
    }
  }

  /** Is a state of an agent over before the scope begins? Then it need not be folded. */
  isOver(at: EpochMs): boolean {
    return at < this.statesFrom
  }

  /** The same of any other entry. */
  concerns(fact: Fact): boolean {
    switch (fact.type) {
      case 'AgentStateEntered':
        // The next state says when one ends, so all later ones concern the scope; streams are found by those before.
        return this.ofStates && fact.at < this.to && !this.isOver(fact.at) && this.has('userId', fact.userId)
      case 'MetricEmitted': // of a metric that is not known
      case 'QueueConfigured':
      case 'OrgSettingsChanged':
      case 'PresenceDefined':
      case 'ObjectNamed':
      case 'ProfilePublished':
      case 'ConfigurationAudited':
      case 'StreamErased':
      case 'ClockTicked':
      case 'ClockTakenBack':
      case 'AgentSegmentEntered':
      case 'ConversationLoadReported':
      case 'QueueMembershipChanged':
      case 'ConversationAnnotated':
        return false
      case 'ConversationRecorded':
        return this.ofPoints && this.states(fact)
      default: {
        if (!this.ofPoints || fact.at < this.from || earliest(fact) >= this.to) return false
        const queueId = 'queueId' in fact ? fact.queueId : null
        const userId = 'userId' in fact ? fact.userId : 'answeredUserId' in fact ? fact.answeredUserId : null
        // The campaign is joined with the other facts of the conversation, which say the rest.
        return (
          fact.type === 'OutboundInitiated' ||
          (this.has('queueId', queueId) && this.has('userId', userId) && this.hasMedia(fact))
        )
      }
    }
  }

  /**
   * After-call work moves the handle time of its session, which has the dimensions of the session, to its own instant: a
   * conversation concerns the scope if it has such work within and such a session at any time.
   */
  movesHandle(fact: Fact): 'work' | 'session' | undefined {
    if (!this.ofPoints) return undefined
    if (fact.type === 'AfterCallWorkCompleted') return fact.at >= this.from && fact.at < this.to ? 'work' : undefined
    if (fact.type !== 'UserSessionEnded') return undefined
    const { queueId, userId } = fact
    return this.has('queueId', queueId) && this.has('userId', userId) && this.hasMedia(fact) ? 'session' : undefined
  }

  private states({ points }: ConversationRecorded): boolean {
    return points.some((point: MetricPoint) => point.at >= this.from && point.at < this.to && this.matches(point))
  }

  private hasMedia({ mediaType }: Readonly<{ mediaType: string }>): boolean {
    return this.has('mediaType', mediaType)
  }

  private has(dimension: 'queueId' | 'userId' | 'mediaType', value: string | null): boolean {
    return this.scope.dimensions?.[dimension]?.has(value) !== false
  }

  /** Could a point with these dimensions be in a row of the scope? */
  private matches(point: PointDimensions): boolean {
    return this.wanted.every(([dimension, values]) => {
      const info = pointDimension(dimension)
      if (info === undefined) return false
      const value = point[info.field]
      if (info.split === true) return values.has(null) || values.has((value as string | null) ?? 'unknown')
      return typeof value === 'object' && value !== null ? value.some((one) => values.has(one)) : values.has(value)
    })
  }
}
