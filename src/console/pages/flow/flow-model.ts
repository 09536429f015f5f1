import type { Flow, FlowStage, FlowState } from '../../../http/console/shapes.js'
import type { Tone } from '../../components/tone.js'
import { duration } from '../../format/duration.js'
import { count, NONE } from '../../format/number.js'

/** The stages of a flow by their place in it. */
export type Places = Readonly<{
  ingress: FlowStage | undefined
  projector: FlowStage | undefined
  /** Generations that are computed beside the live one. */
  warming: readonly FlowStage[]
  egress: readonly FlowStage[]
  /** Feeds, the audit stage, stages of Genesys: they stand beside the way of an event. */
  beside: readonly FlowStage[]
}>

export const placesIn = ({ stages }: Pick<Flow, 'stages'>): Places => {
  const projectors = stages.filter(({ kind }) => kind === 'projector')
  const [live] = projectors.filter(({ stage }) => !stage.includes(' '))
  return {
    ingress: stages.find(({ kind }) => kind === 'ingress'),
    projector: live,
    warming: projectors.filter((stage) => stage !== live),
    egress: stages.filter(({ kind }) => kind === 'egress'),
    beside: stages.filter(({ kind }) => kind === 'feed' || kind === 'other'),
  }
}

export const stateTone: Readonly<Record<FlowState, Tone>> = {
  ...{ working: 'good', idle: 'none', behind: 'busy', paused: 'warn' },
  ...{ stalled: 'bad', refused: 'bad', unreachable: 'bad' },
}

/** What a stage is called for people: `egress.warehouse` is the sink `warehouse`. */
export const stageTitle = ({ stage, kind, destination }: FlowStage): string => {
  switch (kind) {
    case 'ingress':
      return 'Ingress'
    case 'projector':
      return stage.includes(' ') ? `Projector of ${stage.split(' ')[1] ?? ''}` : 'Projector'
    case 'egress':
      return destination?.name ?? (stage.startsWith('egress.') ? stage.slice('egress.'.length) : 'Egress')
    case 'feed':
      return `Feed ${stage.replace(/^feed\./, '')}`
    case 'other':
      return stage.charAt(0).toUpperCase() + stage.slice(1)
  }
}

/** How far a stage is behind, in events and in time. */
export const lagText = ({
  lagEvents,
  lagIsAtLeast,
  lagMs,
}: Pick<FlowStage, 'lagEvents' | 'lagIsAtLeast' | 'lagMs'>): string => {
  if (lagEvents === null && lagMs === null) return NONE
  if (lagEvents === 0) return 'none'
  const events =
    lagEvents === null
      ? ''
      : `${lagIsAtLeast === true ? 'at least ' : ''}${count(lagEvents)} ${lagEvents === 1 ? 'event' : 'events'}`
  return [events, lagMs === null ? '' : duration(lagMs)].filter(Boolean).join(', ')
}
