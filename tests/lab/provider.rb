# A Vagrant provider whose machines are systemd-nspawn containers (`machine`, beside this file or named by LAB_MACHINE).
require "vagrant"

module Lab
  CONTROL = ENV["LAB_MACHINE"] || File.join(__dir__, "machine")

  class Plugin < Vagrant.plugin("2")
    name "lab"
    provider("lab", priority: 20, box_optional: true, parallel: true) { Provider }
    config("lab", :provider) { Config }
  end

  class Config < Vagrant.plugin("2", :config)
    attr_accessor :address
  end

  class ControlFailed < Vagrant::Errors::VagrantError
    def error_message
      "`machine #{@extra_data[:verb]} #{@extra_data[:name]}` failed with exit code #{@extra_data[:code]}:\n\n#{@extra_data[:output]}"
    end
  end

  # One verb of `machine`, on the machine at hand.
  class Control
    SAYS = {"up" => "Starting the machine...", "halt" => "Shutting the machine down...", "destroy" => "Destroying the machine..."}

    def initialize(app, _env, verb) = (@app, @verb = app, verb)

    def call(env)
      machine = env[:machine]
      env[:ui].output(SAYS.fetch(@verb))
      # As with the great providers, a machine is known from the moment it may exist: a killed `up` leaves one that can be destroyed.
      machine.id = "lab-#{machine.name}" if @verb == "up"
      result = Vagrant::Util::Subprocess.execute(CONTROL, @verb, machine.name.to_s, machine.provider_config.address.to_s)
      unless result.exit_code == 0
        raise ControlFailed, verb: @verb, name: machine.name, code: result.exit_code, output: result.stderr.strip
      end
      machine.id = nil if @verb == "destroy"
      @app.call(env)
    end
  end

  class Provider < Vagrant.plugin("2", :provider)
    include Vagrant::Action::Builtin

    def initialize(machine) = @machine = machine

    def action(name)
      stack = Vagrant::Action::Builder.new
      case name
      when :up
        stack.use ConfigValidate
        stack.use Call, IsState, :running do |env, inner|
          next env[:ui].output("The machine is already running.") if env[:result]
          inner.use Provision
          inner.use Control, "up"
          inner.use WaitForCommunicator, [:running]
        end
      when :halt
        stack.use(Call, IsState, :running) { |env, inner| inner.use Control, "halt" if env[:result] }
      when :reload
        stack.use Control, "halt"
        stack.use Control, "up"
        stack.use WaitForCommunicator, [:running]
      when :destroy
        stack.use Call, IsState, :not_created do |env, inner|
          next env[:ui].info("The machine is not created. Moving on...") if env[:result]
          inner.use(Call, DestroyConfirm) { |answer, last| last.use Control, "destroy" if answer[:result] }
        end
      when :provision then stack.use Provision
      when :ssh then stack.use SSHExec
      when :ssh_run then stack.use SSHRun
      else return nil
      end
      stack
    end

    def ssh_info = state.id == :running ? {host: @machine.provider_config.address, port: 22, username: "vagrant"} : nil

    def state
      id = @machine.id ? Vagrant::Util::Subprocess.execute(CONTROL, "state", @machine.name.to_s).stdout.strip.to_sym : :not_created
      Vagrant::MachineState.new(id, id.to_s.tr("_", " "), "The lab machine is #{id.to_s.tr("_", " ")}.")
    end

    def to_s = "Lab"
  end
end
