/** There is nothing to explain: no such queue, interval, revision or KPI. The message says what there is instead. */
export class NotExplained extends Error {
  override readonly name = 'NotExplained'
}
