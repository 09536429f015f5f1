import * as E from 'fp-ts/lib/Either.js'
import { nearNames } from '../../../domain/near-names.js'
import { durationOf, profileValue } from '../../config/profile/profile-path.js'

/**
 * One `--set path=value`: a key of the profile, a setting of the organisation, or a setting of a queue, which is named
 * by id or name.
 */
export type Assignment =
  | Readonly<{ of: 'profile'; path: readonly string[]; value: unknown }>
  | Readonly<{ of: 'kpi'; name: string; member: KpiMember; value: unknown }>
  | Readonly<{ of: 'organisation'; setting: OrgSetting; value: boolean | number }>
  | Readonly<{ of: 'queue'; queue: string; setting: QueueSetting }>

const kpiMembers = ['formula', 'unit', 'families', 'doc'] as const
export type KpiMember = (typeof kpiMembers)[number]

const orgSettings = ['includeFlowOuts', 'includeAbandons', 'includeShortAbandons', 'shortAbandonMs'] as const
export type OrgSetting = (typeof orgSettings)[number]

export type QueueSetting =
  | Readonly<{ name: 'durationMs'; mediaType: string; value: number }>
  | Readonly<{ name: 'target'; mediaType: string; value: number }>
  | Readonly<{ name: 'acwPrompt'; value: string }>
  | Readonly<{ name: 'acwTimeoutMs'; value: number | null }>
  | Readonly<{ name: 'callbackMode'; value: 'AgentFirst' | 'CustomerFirst' | null }>

/** Reads `path=value`. The left side says in a sentence what is wrong with it. */
export const readAssignment = (text: string): E.Either<string, Assignment> => {
  const [, path, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (path === undefined || value === undefined)
    return E.left(`${text} is not path=value, such as serviceLevel.durationMs=30000`)
  const [first = '', ...rest] = path.trim().split('.')
  if (first === 'queue') return queueAssignment(rest.join('.'), value)
  if (first === 'organisation' || first === 'organization') return orgAssignment(rest.join('.'), value)
  if (first === 'kpis' && rest.length > 0) return kpiAssignment(rest, value)
  return E.map((parsed: unknown): Assignment => ({ of: 'profile', path: [first, ...rest], value: parsed }))(
    profileValue([first, ...rest], value),
  )
}

const kpiAssignment = ([name = '', ...below]: readonly string[], value: string): E.Either<string, Assignment> => {
  const member = kpiMembers.find((each) => each === below.join('.'))
  if (member === undefined)
    return E.left(`write kpis.<name>.<member>=…, where member is one of ${kpiMembers.join(', ')}`)
  return E.right({
    of: 'kpi',
    name,
    member,
    value: member === 'families' ? value.split(',').map((each) => each.trim()) : value,
  })
}

const orgAssignment = (name: string, value: string): E.Either<string, Assignment> => {
  const setting = orgSettings.find((each) => each === name)
  if (setting === undefined) return E.left(unknown(`organisation.${name}`, name, orgSettings, 'organisation.'))
  const parsed = setting === 'shortAbandonMs' ? msOf(value) : flagOf(value)
  return parsed === undefined
    ? E.left(
        `organisation.${setting} is ${setting === 'shortAbandonMs' ? MILLISECONDS : 'true or false'}, not ${value}`,
      )
    : E.right({ of: 'organisation', setting, value: parsed })
}

/** The names of queues may hold points: what is set is read from the end. */
const QUEUE_PATH = /^(.+)\.(serviceLevel\.([^.]+)\.([^.]+)|acw\.([^.]+)|callbackMode)$/

const queueForms = [
  'serviceLevel.<media type>.durationMs',
  'serviceLevel.<media type>.target',
  'acw.prompt',
  'acw.timeoutMs',
  'callbackMode',
]

const queueAssignment = (path: string, value: string): E.Either<string, Assignment> => {
  const [, queue = '', whole = '', mediaType = '', ofLevel, ofAcw] = QUEUE_PATH.exec(path) ?? []
  const withoutMedia = /^(.+)\.serviceLevel\.(durationMs|target)$/.exec(path)
  if (withoutMedia !== null)
    return E.left(
      `a queue has a service level by media type: write queue.${withoutMedia[1]}.serviceLevel.voice.${withoutMedia[2]}`,
    )
  const set = (setting: QueueSetting): E.Either<string, Assignment> => E.right({ of: 'queue', queue, setting })
  const wrong = (expected: string): E.Either<string, never> => E.left(`queue.${path} is ${expected}, not ${value}`)
  // Media settings of Genesys say `call`.
  const media = mediaType === 'call' ? 'voice' : mediaType
  if (ofLevel === 'durationMs') {
    const ms = msOf(value)
    return ms === undefined ? wrong(MILLISECONDS) : set({ name: 'durationMs', mediaType: media, value: ms })
  }
  if (ofLevel === 'target' || ofLevel === 'percentage') {
    const share = value.trim() === '' ? NaN : Number(value)
    return share >= 0 && share <= 1
      ? set({ name: 'target', mediaType: media, value: share })
      : wrong('a share from 0 to 1, as Genesys has it')
  }
  if (ofAcw === 'prompt') return set({ name: 'acwPrompt', value })
  if (ofAcw === 'timeoutMs') {
    const ms = value === 'null' ? null : msOf(value)
    return ms === undefined ? wrong(MILLISECONDS) : set({ name: 'acwTimeoutMs', value: ms })
  }
  if (whole === 'callbackMode')
    return value === 'AgentFirst' || value === 'CustomerFirst' || value === 'null'
      ? set({ name: 'callbackMode', value: value === 'null' ? null : value })
      : wrong('AgentFirst, CustomerFirst or null')
  return E.left(
    `queue.${path} names no setting of a queue; write queue.<id or name>. and one of ${queueForms.join(', ')}`,
  )
}

const MILLISECONDS = 'whole milliseconds, or a time such as 30s or 5min'

const msOf = (text: string): number | undefined => {
  const ms = durationOf(text) ?? (text.trim() === '' ? NaN : Number(text))
  return Number.isSafeInteger(ms) && ms >= 0 ? ms : undefined
}

const flagOf = (text: string): boolean | undefined => (text === 'true' ? true : text === 'false' ? false : undefined)

const unknown = (path: string, name: string, names: readonly string[], prefix: string): string => {
  const near = nearNames(name, names)
  return `there is no ${path}; ${near.length > 0 ? `did you mean ${near.map((each) => `${prefix}${each}`).join(' or ')}?` : `there are ${names.map((each) => `${prefix}${each}`).join(', ')}`}`
}
