const titles = {
  rebuild: 'Rebuild',
  promoteGeneration: 'Promotion',
  rollBack: 'Rollback',
  retireGeneration: 'Retirement of a generation',
  resetProjection: 'Reset of the projection',
  replay: 'Replay',
  examine: 'Doctor',
  acceptProgress: 'Acceptance of a progress',
  retryDeadLetters: 'Retry of dead letters',
  erase: 'Erasure',
  verify: 'Verification',
  explain: 'Explanation',
  explainRaw: 'Explanation with raw events',
  whatIf: 'What-if',
} as const

/** What an operation of the admin API is called for people; others by their name there. */
export const operationTitle = (id: string): string =>
  Object.hasOwn(titles, id) ? titles[id as keyof typeof titles] : id
