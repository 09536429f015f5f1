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
  compareWithGenesys: 'Comparison with Genesys',
  reconcile: 'Reconciliation',
  judgeContract: 'Acceptance report',
  testProfile: 'Profile test',
  sealAudit: 'Signing of the log',
  verifyAudit: 'Verification of signed history',
  proveAudit: 'Proof of a row',
} as const

/** What an operation of the admin API is called for people; others by their name there. */
export const operationTitle = (id: string): string =>
  Object.hasOwn(titles, id) ? titles[id as keyof typeof titles] : id
