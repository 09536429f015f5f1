import type { Change, Configured } from '../../app/operations/imports/import-configuration.js'
import type { OrgSettingsChanged, QueueConfigured } from '../../domain/fact.js'

/** Settings that enter figures; presence definitions and names enter none. */
export const isSupposed = (fact: Configured): fact is QueueConfigured | OrgSettingsChanged =>
  fact.type === 'QueueConfigured' || fact.type === 'OrgSettingsChanged'

/** From when on it is in force. */
export const iso = ({ at }: Configured): string => new Date(at).toISOString()

/** A setting on one line, for people. */
export const described = (fact: Configured): string => {
  switch (fact.type) {
    case 'QueueConfigured': {
      const levels = Object.entries(fact.serviceLevel).map(
        ([media, { durationMs, target }]) =>
          `${media} ${target === null ? '' : `${Math.round(target * 1000) / 10} % `}within ${durationMs / 1000} s`,
      )
      const acw =
        fact.acw === null
          ? []
          : [
              `after-call work ${fact.acw.prompt}${fact.acw.timeoutMs === null ? '' : ` ${fact.acw.timeoutMs / 1000} s`}`,
            ]
      return `queue ${fact.name ?? fact.queueId} from ${iso(fact)}: ${[...levels, ...acw].join(', ') || 'nothing set'}`
    }
    case 'OrgSettingsChanged': {
      const options = (['includeFlowOuts', 'includeShortAbandons', 'includeAbandons', 'shortAbandonMs'] as const)
        .filter((name) => fact[name] !== null)
        .map((name) => `${name} ${String(fact[name])}`)
      return `organisation settings from ${iso(fact)}: ${options.join(', ') || 'as the profile says'}`
    }
    case 'PresenceDefined':
      return `presence ${fact.name ?? fact.presenceId} from ${iso(fact)}: ${fact.systemPresence}${fact.deactivated ? ', deactivated' : ''}`
    case 'ObjectNamed':
      return fact.gone
        ? `${fact.kind} ${fact.name ?? fact.objectId} is gone from Genesys since ${iso(fact)}`
        : `${fact.kind} ${fact.objectId} is called ${fact.name ?? 'nothing'} from ${iso(fact)}`
    case 'ProfilePublished':
      return `profile ${fact.profile.id} version ${fact.profile.version} from ${iso(fact)}`
  }
}

/** Says on stderr which changes only a rebuild applies to all that they concern. */
export const sayWaiting = (waiting: readonly Change[]): void => {
  if (waiting.length > 0)
    console.error(
      `${waiting.length} of them ${waiting.length === 1 ? 'is' : 'are'} in force from before what is counted already: what comes from now on is counted by them, and \`streamvane rebuild\` applies them to the rest`,
    )
}
