// The longest chain of tokens that had to wait for each other. The same sums as `TrajectoryMetrics`:
//
//     total(line)    = own tokens + total of all threads
//     critical(line) = own tokens + for each fork the largest finish of its threads
//     finish(thread) = critical(thread) + the largest finish of the threads that it comes after

/** The figures of a line and all that was forked from it; `hops` are `{id, tokens}` along the critical path. */
export function measure(line) {
  const figures = { total: 0, critical: 0, prefilled: 0, forks: 0, threads: 0, hops: [] };
  let own = 0;
  const flush = () => {
    if (own > 0) figures.hops.push({ id: line.id, tokens: own });
    own = 0;
  };
  for (const step of line.steps) {
    if (step.kind === "fork") {
      flush();
      addFork(step, figures);
    } else if (step.origin === "model") {
      own += step.tokens;
      figures.total += step.tokens;
      figures.critical += step.tokens;
    } else {
      figures.prefilled += step.tokens;
    }
  }
  flush();
  return figures;
}

function addFork(fork, figures) {
  const finished = new Map();
  let longest = { tokens: 0, hops: [] };
  figures.forks += 1;
  for (const line of fork.lines) {
    const own = measure(line);
    let wait = { tokens: 0, hops: [] };
    for (const number of line.outline?.after ?? []) {
      const finish = finished.get(number);
      if (finish && finish.tokens > wait.tokens) wait = finish;
    }
    const finish = { tokens: wait.tokens + own.critical, hops: [...wait.hops, ...own.hops] };
    if (line.outline) finished.set(line.outline.number, finish);
    if (finish.tokens > longest.tokens) longest = finish;
    figures.total += own.total;
    figures.prefilled += own.prefilled;
    figures.forks += own.forks;
    figures.threads += own.threads + (line.steps.length > 0 ? 1 : 0);
  }
  figures.critical += longest.tokens;
  figures.hops.push(...longest.hops);
}
