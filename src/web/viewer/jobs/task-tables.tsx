/** The tasks that an operator looks for first: those being made now, and those set aside. */
import type { JobTask } from '../../../contracts/jobs.ts';
import { formatPercent, formatTimeLeft } from '../../ui/formats.ts';
import { formatFps } from './job-words.ts';

export type TaskTableProps = { tasks: readonly JobTask[]; onShow: (task: string) => void };

/** More rows than that nobody reads; the board has them all. */
const ROWS_MAX = 50;

export function RunningTasks({ tasks, onShow }: TaskTableProps) {
  const running = tasks.filter(({ state }) => state === 'leased');
  if (running.length === 0) return null;
  return (
    <table className="console-table stacking">
      <caption>Being made now{moreWords(running.length)}</caption>
      <thead>
        <tr>
          <th scope="col">Task</th>
          <th scope="col">Worker</th>
          <th scope="col">Progress</th>
          <th scope="col">Frames/s</th>
          <th scope="col">Attempt</th>
        </tr>
      </thead>
      <tbody>
        {running.slice(0, ROWS_MAX).map((task) => (
          <tr key={task.id}>
            <th scope="row">
              <TaskLink task={task} onShow={onShow} />
            </th>
            <td data-label="Worker">{task.worker ?? 'not told'}</td>
            <td data-label="Progress">
              {formatPercent(task.progress)}
              {task.etaS === null ? '' : `, ${formatTimeLeft(task.etaS)}`}
            </td>
            <td data-label="Frames/s">{formatFps(task.fps)}</td>
            <td data-label="Attempt">{task.attempt}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function FailedTasks({ tasks, onShow }: TaskTableProps) {
  const failed = tasks.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return null;
  return (
    <section aria-labelledby="failed-heading" className="job-failed">
      <h2 id="failed-heading">Set aside after failures</h2>
      <table className="console-table stacking">
        <caption className="visually-hidden">Tasks that were set aside{moreWords(failed.length)}</caption>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Last failure</th>
            <th scope="col">Code</th>
            <th scope="col">Failures</th>
          </tr>
        </thead>
        <tbody>
          {failed.slice(0, ROWS_MAX).map((task) => (
            <tr key={task.id}>
              <th scope="row">
                <TaskLink task={task} onShow={onShow} />
              </th>
              <td data-label="Last failure">{task.lastFailure?.message ?? 'not told'}</td>
              <td data-label="Code">
                <code>{task.lastFailure?.code ?? ''}</code>
              </td>
              <td data-label="Failures">{task.failures}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function TaskLink({ task, onShow }: { task: JobTask; onShow: (task: string) => void }) {
  return (
    <button type="button" className="link-button" onClick={() => onShow(task.id)}>
      {task.name}
    </button>
  );
}

function moreWords(count: number): string {
  return count > ROWS_MAX ? `, the first ${ROWS_MAX} of ${count}` : '';
}
