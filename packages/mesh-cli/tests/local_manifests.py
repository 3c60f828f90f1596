"""Manifests of the tests, as users write them."""

SERVER = """\
import http.server, os, signal, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = (os.environ.get("VERSION", "") + " " + os.environ.get("HOSTNAME", "")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    address_family = 10
    request_queue_size = 128
server = Server(("::", 8080), Handler)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server.serve_forever()
"""


def indent(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.splitlines())


def web(replicas: int = 2, version: str = "1", extra: str = "") -> str:
    """A namespace, a dual-stack Service, a Deployment that answers with its version, a client."""
    return f"""\
apiVersion: v1
kind: Namespace
metadata: {{name: shop}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec:
  selector: {{app: web}}
  ipFamilyPolicy: PreferDualStack
  ports: [{{name: http, port: 80, targetPort: http}}]
---
apiVersion: v1
kind: Service
metadata: {{name: headless, namespace: shop}}
spec:
  clusterIP: None
  selector: {{app: web}}
  ports: [{{name: http, port: 8080}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: server, namespace: shop}}
data:
  server.py: |
{indent(SERVER, 4)}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 5
      volumes: [{{name: server, configMap: {{name: server}}}}]
      containers:
        - name: web
          image: localhost/web
          command: [python, /etc/web/server.py]
          env: [{{name: VERSION, value: "{version}"}}]
          ports: [{{name: http, containerPort: 8080}}]
          readinessProbe: {{httpGet: {{path: /, port: http}}, periodSeconds: 1}}
          volumeMounts: [{{name: server, mountPath: /etc/web}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: client, namespace: shop}}
spec:
  containers: [{{name: client, image: localhost/client, command: [sleep, infinity]}}]
{extra}"""
