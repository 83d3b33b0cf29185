/** Our mark: a flamingo on one leg, its neck the letter S of a sync. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        className="mark-body"
        d="M5.2 13.2c0-2.9 2.5-5 5.7-5 3.4 0 6.9 1.8 8.3 4.3-1.3 2.6-4.2 4.2-7.6 4.2-3.8 0-6.4-1.2-6.4-3.5Z"
      />
      <path
        className="mark-line"
        d="M6 12.6C3.8 10.8 4.6 8.2 6.5 7c1.8-1.2 2.3-2.7 1.3-3.9-.9-1.1-2.7-.9-3.5.5M11.8 16.5V22M11.8 22h2.4"
      />
      <path className="mark-beak" d="M4.5 3.2 2.6 5.6l2.5-.6z" />
    </svg>
  );
}
