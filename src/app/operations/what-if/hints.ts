import type { Rules } from './hypothesis.js'
import { supposedValues } from './supposed-values.js'

/**
 * Why something that was supposed changes nothing, or less than it seems: other rules win over it. Each hint says how
 * to suppose what was probably meant.
 */
export const hintsOf = (inForce: Rules, supposed: Rules): readonly string[] => {
  const paths = supposedValues(inForce, supposed).map(({ path }) => path)
  const ofDuration = (path: string): boolean => /(^|\.)durationMs(By[A-Za-z]+(\.|$)|$)/.test(path)
  const ofProfile = (path: string): boolean => !path.startsWith('queue.') && !path.startsWith('organisation.')
  const hints: string[] = []
  const { points } = supposed.profile
  if (points !== 'detail-events' && paths.some(ofDuration))
    hints.push(
      `points come from ${points}: whether an answer was over the service level is Genesys's own figure there (nOverSla), and no duration changes it`,
    )
  else if (paths.some((path) => ofDuration(path) && ofProfile(path))) hints.push(...durationsOfQueues(supposed))
  hints.push(...settingsOfOrganisation(supposed, paths))
  return hints
}

const durationsOfQueues = ({ configuration }: Rules): readonly string[] => {
  const names = new Set<string>()
  for (const fact of configuration)
    if (fact.type === 'QueueConfigured' && Object.keys(fact.serviceLevel).length > 0)
      names.add(fact.name ?? fact.queueId)
  if (names.size === 0) return []
  const [first] = names
  return [
    `${names.size === 1 ? '1 queue has a service-level duration of its own, which wins' : `${names.size} queues have service-level durations of their own, which win`} over the profile: \`--set queue.${first}.serviceLevel.voice.durationMs=…\` supposes another`,
  ]
}

/** Options of the profile that the organisation's settings say too. */
const settingsOfOrganisation = ({ configuration }: Rules, paths: readonly string[]): readonly string[] => {
  const settings = configuration.findLast((fact) => fact.type === 'OrgSettingsChanged')
  if (settings === undefined) return []
  const options = [
    ['serviceLevel.includeFlowOuts', 'includeFlowOuts'],
    ['serviceLevel.includeAbandons', 'includeAbandons'],
    ['serviceLevel.includeShortAbandons', 'includeShortAbandons'],
    ['shortAbandonMs', 'shortAbandonMs'],
  ] as const
  return options.flatMap(([path, name]) =>
    paths.includes(path) && settings[name] !== null
      ? [
          `the organisation's settings in the log say ${name} and win over the profile: \`--set organisation.${name}=…\` supposes another`,
        ]
      : [],
  )
}
