// All of Kubernetes and etcd in one static program: linked apart, the nine would be 700 MB.
//
// It does what its name says, so there is a link to it per component; under any other name
// the first argument is the component.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/errors"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	// Imported for what they register: log formats, client and version metrics, and how
	// kubectl logs in.
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

// A component runs until it is told to end, and gives the exit code.
type component func() int

var components = map[string]component{
	"etcd": func() int {
		etcdmain.Main(os.Args)
		return 0
	},
	"kube-apiserver":          server(apiserver.NewAPIServerCommand),
	"kube-controller-manager": server(controllermanager.NewControllerManagerCommand),
	"kube-proxy":              server(proxy.NewProxyCommand),
	"kube-scheduler": server(func() *cobra.Command {
		return scheduler.NewSchedulerCommand()
	}),
	"kubelet": server(func() *cobra.Command {
		return kubelet.NewKubeletCommand(context.Background())
	}),
	"kubeadm": func() int {
		errors.HandleError(kubeadm.Run())
		return 0
	},
	"kubectl": func() int {
		// CheckErr prints as kubectl does and ends the process with its exit codes.
		util.CheckErr(cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()))
		return 0
	},
}

func server(command func() *cobra.Command) component {
	return func() int { return cli.Run(command()) }
}

func main() {
	chosen, known := components[filepath.Base(os.Args[0])]
	if !known && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		chosen, known = components[os.Args[0]]
	}
	if !known {
		fmt.Fprintln(os.Stderr, "name one of these as the first argument:", names())
		os.Exit(2)
	}
	os.Exit(chosen())
}

func names() []string {
	var all []string
	for name := range components {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}
