#!/usr/bin/env bash
# Whoever may not is refused by Argo CD's API with the status and the body that a real Argo CD 3.4 gave
# (tests/recordings/argocd: api-session, rbac, api-applications). Asks a running server with curl.
#
# usage: KUBECONFIG=FILE [KUBECTL=kubectl] refusals.sh SERVER PASSWORD
set -euo pipefail

server=$1
password=$2
kubectl=${KUBECTL:-kubectl}
passed=0
failed=0

# check NAME STATUS BODY [CURL ARGUMENT...]
check() {
  local name=$1 status=$2 body=$3 answer
  shift 3
  answer=$(curl --silent --max-time 20 --write-out '\n%{http_code}' "$@")
  if [ "$answer" = "$body"$'\n'"$status" ]; then
    passed=$((passed + 1))
    echo "ok      curl: $name"
  else
    failed=$((failed + 1))
    printf 'FAILED  curl: %s\n        expected: %s\n        answered: %s\n' \
      "$name" "$status $body" "${answer//$'\n'/ -> }"
  fi
}

# What grpc-gateway makes of an error.
refusal() { printf '{"code":%d,"error":"%s","message":"%s"}' "$1" "$2" "$2"; }

log_in() {
  local answer
  answer=$(curl --silent --fail --max-time 20 --json "{\"username\":\"$1\",\"password\":\"$2\"}" "$server/api/v1/session") ||
    { echo "$1 cannot log in" >&2 && exit 1; }
  answer=${answer#*\"token\":\"}
  echo "${answer%%\"*}"
}

# What the server knows of its settings follows the cluster a moment later.
until_answered() {
  local status=$1
  shift
  for _ in $(seq 100); do
    [ "$(curl --silent --max-time 20 --output /dev/null --write-out '%{http_code}' "$@")" = "$status" ] && return
    sleep 0.1
  done
}

"$kubectl" apply --server-side --filename - >/dev/null <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: walled, namespace: argocd}
spec:
  sourceRepos: ["https://git.example.com/allowed.git"]
  destinations: [{server: "https://kubernetes.default.svc", namespace: allowed}]
YAML
"$kubectl" patch configmap argocd-cm --namespace argocd --type merge \
  --patch '{"data": {"accounts.curl-alice": "login"}}' >/dev/null
# bcrypt of "alice-password"
"$kubectl" patch secret argocd-secret --namespace argocd --type merge \
  --patch '{"stringData": {"accounts.curl-alice.password": "$2b$10$GvPfXJDjPFrLfHUfjgP2FeYI4eaManmYjkdYK/jddUoN0d/VbSoC2"}}' >/dev/null
"$kubectl" patch configmap argocd-rbac-cm --namespace argocd --type merge \
  --patch '{"data": {"policy.csv": "p, curl-alice, applications, get, walled/*, allow\n"}}' >/dev/null

session="$server/api/v1/session"
applications="$server/api/v1/applications"
until_answered 200 --json '{"username":"curl-alice","password":"alice-password"}' "$session"

check "a wrong password" 401 "$(refusal 16 'Invalid username or password')" \
  --json '{"username":"admin","password":"wrong"}' "$session"
check "an unknown account" 401 "$(refusal 16 'Invalid username or password')" \
  --json '{"username":"nobody","password":"wrong"}' "$session"
check "no password" 401 "$(refusal 16 'no credentials supplied')" --json '{"username":"admin"}' "$session"
check "no JSON" 400 "$(refusal 3 'unexpected EOF')" --json '{' "$session"
check "no token" 401 "$(refusal 16 'no session information')" "$applications"

admin="Authorization: Bearer $(log_in admin "$password")"
alice="Authorization: Bearer $(log_in curl-alice alice-password)"

check "an unknown name" 403 "$(refusal 7 'permission denied')" --header "$admin" "$applications/no-such-app"
check "an unknown name of a project" 404 "$(refusal 5 'applications.argoproj.io \"no-such-app\" not found')" \
  --header "$admin" "$applications/no-such-app?project=default"
check "a forbidden name" 403 "$(refusal 7 'permission denied')" --header "$alice" "$applications/demo"
check "a forbidden name of its project" 403 "$(refusal 7 'permission denied')" \
  --header "$alice" "$applications/demo?project=default"
check "a forbidden name, asked of an allowed project" 404 \
  "$(refusal 5 'applications.argoproj.io \"demo\" not found')" --header "$alice" "$applications/demo?project=walled"

# application PROJECT REPOSITORY NAMESPACE
application() {
  printf '{"metadata":{"name":"curl-denied"},"spec":{"project":"%s","source":{"repoURL":"%s","path":"app"},%s}}' "$1" "$2" \
    "\"destination\":{\"server\":\"https://kubernetes.default.svc\",\"namespace\":\"$3\"}"
}
invalid='application spec for curl-denied is invalid: InvalidSpecError: '
check "a project that is not there" 400 \
  "$(refusal 3 'app is not allowed in project \"nowhere\", or the project does not exist')" --header "$admin" \
  --json "$(application nowhere https://git.example.com/allowed.git allowed)" "$applications"
check "a source that the project denies" 400 \
  "$(refusal 3 "${invalid}application repo https://git.example.com/denied.git is not permitted in project 'walled'")" \
  --header "$admin" --json "$(application walled https://git.example.com/denied.git allowed)" "$applications"
check "a destination that the project denies" 400 \
  "$(refusal 3 "${invalid}application destination server 'https://kubernetes.default.svc' and namespace 'denied' do not match any of the allowed destinations in project 'walled'")" \
  --header "$admin" --json "$(application walled https://git.example.com/allowed.git denied)" "$applications"
check "nothing of it was created" 404 "$(refusal 5 'applications.argoproj.io \"curl-denied\" not found')" \
  --header "$admin" "$applications/curl-denied?project=walled"

curl --silent --max-time 20 --output /dev/null --cookie "argocd.token=${alice#*Bearer }" "$server/auth/logout"
check "a revoked token" 401 "$(refusal 16 'invalid session: token is revoked, please re-login')" \
  --header "$alice" "$applications"

"$kubectl" patch configmap argocd-cm --namespace argocd --type merge \
  --patch '{"data": {"users.session.duration": "1s"}}' >/dev/null
for _ in $(seq 50); do
  brief="Authorization: Bearer $(log_in admin "$password")"
  sleep 1.2
  [ "$(curl --silent --max-time 20 --output /dev/null --write-out '%{http_code}' --header "$brief" "$applications")" = 401 ] && break
done
check "an expired token" 401 "$(refusal 16 'invalid session: token has invalid claims: token is expired')" \
  --header "$brief" "$applications"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
