/** The whole window takes files that are dropped on it, and says so while they hover. */
import { Upload } from 'lucide-react';
import { useEffect, useEffectEvent, useState } from 'react';

export function DropTarget({ onFiles }: { onFiles: (files: File[]) => void }) {
  const [hovering, setHovering] = useState(false);
  const onDrop = useEffectEvent(onFiles);
  useEffect(() => {
    // Entering a child comes before leaving its parent, so the two are counted.
    let depth = 0;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const count = (change: number) => (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth + change);
      setHovering(depth > 0);
    };
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setHovering(false);
      onDrop([...(event.dataTransfer?.files ?? [])]);
    };
    const [enter, leave] = [count(1), count(-1)];
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, []);
  return hovering ? (
    <div className="drop-target" aria-hidden="true">
      <div>
        <Upload />
        <p>Drop to put it in the library</p>
      </div>
    </div>
  ) : null;
}
