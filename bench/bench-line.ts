/**
 * One figure beside its ceiling, measured in the same run: only their ratio travels between machines. Rates in `unit`,
 * more is better.
 */
export type BenchLine = Readonly<{ name: string; ours: number; ceiling: number; unit: string; note?: string }>
